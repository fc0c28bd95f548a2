import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, historyOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import { siteBlock } from './site-block.ts'
import { bare, counted, inside, sentenceClock } from './words.ts'

const kinds = { full: 'full', data: 'data', 'restore-point': 'restore point' } as const

/** Why the backups are as good as they are. */
export function whyBackups(facts: WhyFacts): Finding {
  const { backups } = facts.shown.backups
  const clock = sentenceClock(facts.zone, facts.now)
  const cards = cardsOf(facts, ({ id, dismissed }) => id.startsWith('backup-') && !dismissed)
  const finding = (health: Health, sentence: string, evidence: readonly Evidence[] = []): Finding => ({
    subject: 'backups',
    title: 'Backups',
    health,
    sentence,
    root: 'backups',
    evidence: [
      ...(backups ? [stateEvidence('backups', newestWords(facts))] : []),
      ...evidence,
      ...cards.map(cardEvidence),
      ...cards.flatMap(({ event }) => eventsEvidence(chainOf(facts, event).slice(1))),
    ],
    fixes: distinctFixes([
      ...cards.flatMap(({ fixes }) => fixes),
      ...(health === 'healthy' || !backups ? [] : [{ label: 'Back up now', action: { type: 'back-up' as const } }]),
    ]),
  })
  if (!backups)
    return finding(
      'unknown',
      `Nothing is known of the backups because ${siteBlock(facts)?.clause ?? 'they are still being looked for'}.`,
    )
  const failed = lastFailed(facts)
  const of = (id: string) => cards.find((card) => card.id === id)
  const unreachable = of('backup-unreachable')
  if (unreachable) return finding('unhealthy', `The backups cannot be reached: ${inside(unreachable.why)}.`)
  const job = failed ? [jobEvidence(failed)] : []
  if (failed) {
    const good =
      backups.lastVerifiedAt === null
        ? 'there is no verified one'
        : `the newest verified one is of ${clock.at(backups.lastVerifiedAt)}`
    return finding(
      'unhealthy',
      `The last backup failed ${clock.when(failed.endedAt ?? failed.startedAt)}: ${inside(failed.message ?? 'no reason was told')}; ${good}.`,
      job,
    )
  }
  const bad = badSnapshot(facts)
  if (bad && bad.at >= (backups.lastVerifiedAt ?? 0)) {
    return finding(
      'unhealthy',
      `The newest snapshot is not good: it was read back ${clock.when(bad.verified.at)} and ${inside(bad.verified.note)}.`,
      [stateEvidence(`snapshot:${bad.id}`, bad.verified.note, { at: bad.verified.at })],
    )
  }
  if (backups.lastVerifiedAt === null) {
    const count = Object.keys(facts.shown.snapshots).length
    const why =
      count === 0
        ? 'no snapshot was taken yet'
        : `none of the ${counted(count, 'snapshot')} has been read back and found whole`
    const next = backups.nextAt === null ? 'none is scheduled' : `the next is due ${clock.when(backups.nextAt)}`
    return finding('degraded', `There is no verified backup because ${why}; ${next}.`)
  }
  const old = [
    'backup-old',
    'backup-not-good',
    'backup-shrunk:full',
    'backup-shrunk:data',
    'backup-clock',
    'backup-space',
    'backup-held',
  ]
    .map(of)
    .find((card) => card !== undefined)
  if (old) return finding('degraded', `${bare(old.title)}: ${inside(old.why)}.`)
  if (backups.sharesDisk) {
    return finding(
      'degraded',
      `The newest verified backup is of ${clock.at(backups.lastVerifiedAt)}, but it lies on the same disk as the site: if that disk fails, both are gone.`,
    )
  }
  return finding(
    'healthy',
    `Nothing is wrong with the backups: the newest was read back and checked ${clock.when(backups.lastVerifiedAt)}.`,
  )
}

/** Why a snapshot can be trusted, or not. */
export function whySnapshot(id: string, facts: WhyFacts): Finding {
  const subject = `snapshot:${id}`
  const snapshot = facts.shown.snapshots[id]
  const history = historyOf(facts, subject)
  const clock = sentenceClock(facts.zone, facts.now)
  const cards = cardsOf(facts, (card) => card.subject === subject)
  const finding = (health: Health, sentence: string, evidence: readonly Evidence[]): Finding => ({
    subject,
    title: snapshot ? `Snapshot of ${clock.at(snapshot.at)}` : id,
    health,
    sentence,
    root: subject,
    evidence: [
      ...evidence,
      ...cards.map(cardEvidence),
      ...eventsEvidence(history[0] ? chainOf(facts, history[0].id) : []),
    ],
    fixes: distinctFixes([
      ...cards.flatMap(({ fixes }) => fixes),
      ...(health === 'unhealthy' || health === 'degraded'
        ? [{ label: 'Back up now', action: { type: 'back-up' as const } }]
        : []),
    ]),
  })
  if (!snapshot)
    return finding(
      'unknown',
      `${id} is not in the repository any more: the rules of keeping let it go, or it never was there.`,
      [],
    )
  const { verified, partial, warnings, at, kind } = snapshot
  const name = `The ${kinds[kind]} snapshot of ${clock.at(at)}`
  const own = stateEvidence(
    subject,
    `${name}: ${counted(snapshot.files, 'file')}, ${counted(snapshot.databases, 'database')}.`,
    { at },
  )
  const notes = warnings.slice(0, 3).map((warning) => stateEvidence(subject, warning, { at }))
  const more = warnings.length > 1 ? ` (and ${counted(warnings.length - 1, 'more warning')})` : ''
  if (verified && !verified.ok) {
    return finding(
      'unhealthy',
      `${name} is damaged: it was read back ${clock.when(verified.at)} and ${inside(verified.note)}.`,
      [own, stateEvidence(subject, verified.note, { at: verified.at }), ...notes],
    )
  }
  if (partial || (warnings[0] !== undefined && !verified)) {
    const why = warnings[0] === undefined ? 'something was missing or damaged when it was taken' : inside(warnings[0])
    return finding('degraded', `${name} is not whole: ${why}${more}.`, [own, ...notes])
  }
  if (!verified)
    return finding('unknown', `${name} has not been read back yet, so it is not known whether it is good.`, [own])
  return finding(
    'healthy',
    `Nothing is wrong with ${name.charAt(0).toLowerCase()}${name.slice(1)}: it was read back and checked ${clock.when(verified.at)}.`,
    [own, ...notes],
  )
}

/** The newest backup job, when it failed. */
function lastFailed({ shown }: WhyFacts): JobView | undefined {
  const last = Object.values(shown.jobs)
    .filter(({ kind, state }) => kind === 'backup.create' && state !== 'running')
    .toSorted((a, b) => b.startedAt - a.startedAt)[0]
  return last?.state === 'failed' ? last : undefined
}

function badSnapshot({ shown }: WhyFacts) {
  return Object.values(shown.snapshots)
    .flatMap(({ id, at, verified }) => (verified && !verified.ok ? [{ id, at, verified }] : []))
    .toSorted((a, b) => b.at - a.at)[0]
}

function newestWords({ shown, zone, now }: WhyFacts): string {
  const { backups } = shown.backups
  const clock = sentenceClock(zone, now)
  const tell = (at: number | null | undefined) => (at == null ? 'none' : clock.at(at))
  return `Last snapshot ${tell(backups?.lastAt)}, last verified ${tell(backups?.lastVerifiedAt)}, next ${backups?.nextAt == null ? 'not scheduled' : clock.at(backups.nextAt)}.`
}

function jobEvidence({ id, title, message, endedAt, startedAt }: JobView): Evidence {
  return stateEvidence(`job:${id}`, `${title}: ${message ?? 'failed'}`, { at: endedAt ?? startedAt })
}
