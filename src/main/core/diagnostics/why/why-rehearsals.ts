import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import { siteBlock } from './site-block.ts'
import { inside, sentenceClock } from './words.ts'

const healthOf: Readonly<Record<string, Health>> = { proven: 'healthy', verified: 'degraded', failed: 'unhealthy' }

/** Why the light of the backups has its colour: what the last rehearsal showed, service by service. */
export function whyRehearsals(facts: WhyFacts): Finding {
  const { rehearsals } = facts.shown.rehearsals
  const clock = sentenceClock(facts.zone, facts.now)
  const cards = cardsOf(facts, ({ id, dismissed }) => id.startsWith('rehearsal-') && !dismissed)
  const finding = (health: Health, sentence: string, evidence: readonly Evidence[], root = 'rehearsals'): Finding => ({
    subject: 'rehearsals',
    title: 'Proof of the backups',
    health,
    sentence,
    root,
    evidence: [
      ...evidence,
      ...cards.map(cardEvidence),
      ...cards.flatMap(({ event }) => eventsEvidence(chainOf(facts, event).slice(1))),
    ],
    fixes: distinctFixes([
      ...cards.flatMap(({ fixes }) => fixes),
      ...(health === 'healthy' || health === 'unknown'
        ? []
        : [{ label: 'Rehearse now', action: { type: 'rehearse' as const } }]),
    ]),
  })
  if (!rehearsals) {
    const why = siteBlock(facts)?.clause ?? 'they are still being looked for'
    return finding('unknown', `Nothing is known of rehearsals because ${why}.`, [])
  }
  const { light, sentence, proven, runs, schedule, nextAt, waiting } = rehearsals
  const last = runs.find(({ state, verdict }) => state === 'completed' && verdict !== null)
  const next =
    schedule === null
      ? 'None is scheduled (backup.rehearse in site.yaml).'
      : nextAt === null
        ? 'The next is made when there is a good snapshot.'
        : waiting === null
          ? `The next is due ${clock.when(nextAt)}.`
          : `The one that is due waits: ${inside(waiting)}.`
  if (light === 'none') return finding('unknown', `${sentence} Take a backup first.`, [])
  const health = healthOf[light] ?? 'unknown'
  if (!last) return finding(health, `The light is amber because ${inside(sentence)}; ${inside(next)}`, [])
  const evidence = evidenceOf(last)
  const at = clock.at(last.snapshotAt)
  if (light === 'failed') {
    const why = last.reasons[0] ?? last.sentence
    const before = proven ? `; the one of ${clock.at(proven.snapshotAt)} was proven before` : ''
    return finding(
      'unhealthy',
      `The light is red because the snapshot of ${at} did not come up when it was rehearsed ${clock.when(last.at)}: ${inside(why)}${before}.`,
      evidence,
      `snapshot:${last.snapshot}`,
    )
  }
  if (light === 'verified')
    return finding(
      'degraded',
      `The light is amber: ${inside(sentence)}${last.verdict === 'partly' && last.reasons[0] ? `: ${inside(last.reasons[0])}` : ''}. ${next}`,
      evidence,
    )
  return finding(
    'healthy',
    `The light is green because the snapshot of ${at} came up when it was rehearsed ${clock.when(last.at)}: ${inside(last.sentence)}. ${next}`,
    evidence,
  )
}

function evidenceOf(run: RehearsalRun): readonly Evidence[] {
  const of = `snapshot:${run.snapshot}`
  const services = run.services
    .filter(({ result }) => result !== 'healthy')
    .flatMap(({ title, sentence, log }) => [
      stateEvidence(of, `${title}: ${sentence}`, { at: run.at }),
      ...log.slice(-3).map((line) => stateEvidence(of, `${title} wrote: ${line}`, { at: run.at })),
    ])
  const faults = (run.checks?.faults ?? []).map((fault) => stateEvidence(of, fault, { at: run.at }))
  return [stateEvidence(of, run.sentence, { at: run.at }), ...services.slice(0, 12), ...faults.slice(0, 5)]
}
