import type { DrillRun, DrillView } from '#shared/contract/drills.ts'
import type { EventRecord, Health } from '#shared/vocabulary.ts'
import { historyOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, goTo, stateEvidence } from './finding.ts'
import { isTroubled } from './service-path.ts'
import { type Trouble, troubleOf } from './why-service.ts'
import { capital, type SentenceClock, sentenceClock, stopped } from './words.ts'

/** Why a drill stands as it does: how the last one ended and by what, whether it was left out since, and what is wrong with its service now. */
export function whyDrill(id: string, facts: WhyFacts): Finding {
  const subject = `drill:${id}`
  const drill = facts.shown.drills[id]
  if (!drill) {
    const sentence = `There is no drill ${id} in the site any more.`
    return { subject, title: id, health: 'unknown', sentence, root: subject, evidence: [], fixes: [] }
  }
  const clock = sentenceClock(facts.zone, facts.now)
  const events = eventsOf(drill, facts)
  const skipped = skippedSince(drill, events)
  const running = drill.job !== null
  const behind = running || drill.last?.state === 'completed' ? null : behindIt(drill, facts)
  const cards = cardsOf(facts, (card) => card.subject === subject)
  const reason = behind ? ` ${capital(behind.sentence)}` : ''
  return {
    subject,
    title: drill.title,
    health: running ? 'unknown' : healthOf(drill.last),
    sentence: `${toldOf(drill, facts, clock)}${skipped ? ` ${stopped(skipped.message)}` : ''}${reason}`,
    root: behind?.root ?? subject,
    evidence: [
      ...(drill.last ? runEvidence(subject, drill.last) : []),
      ...cards.map(cardEvidence),
      ...eventsEvidence(events.slice(0, mostEvents)),
      ...(behind?.evidence ?? []),
    ],
    fixes: distinctFixes([
      ...(behind?.fixes ?? []),
      goTo('See the drills', '/diagnose#drills'),
      goTo(`See ${drill.service}`, `/services/${drill.service}`),
    ]),
  }
}

/** The newest begin and end of a drill, and what led to them. */
const mostEvents = 4

/** Newest first. */
function eventsOf({ id, service }: DrillView, facts: WhyFacts): readonly EventRecord[] {
  return historyOf(facts, `service:${service}`).filter(
    ({ kind, data }) => kind.startsWith('drill.') && data.drill === id,
  )
}

/** The date that passed while the drill could not be done, when that was after the last one. */
function skippedSince({ last }: DrillView, events: readonly EventRecord[]): EventRecord | undefined {
  return events.find(({ kind, at }) => kind === 'drill.skipped' && at > (last?.at ?? 0))
}

function behindIt({ service }: DrillView, facts: WhyFacts): Trouble | null {
  const view = facts.shown.services[service]
  return view && isTroubled(view) ? troubleOf(service, facts) : null
}

function toldOf(
  { title, service, job, last, nextAt, schedule }: DrillView,
  { shown }: WhyFacts,
  clock: SentenceClock,
): string {
  if (job !== null) {
    const since = shown.jobs[job]?.startedAt
    return `“${title}” is being done${since === undefined ? '' : ` since ${clock.at(since)}`}: what happens to ${service} meanwhile is done on purpose.`
  }
  const next = nextAt === null ? '' : ` It is due ${clock.when(nextAt)}.`
  if (last === null) {
    const when = schedule === null ? 'it is done on request only' : 'its date has not come'
    return `“${title}” has never been done: ${when}.${next}`
  }
  return `“${title}” ${endings[last.state]} ${clock.when(last.at)}: ${stopped(last.verdict)}${next}`
}

const endings = {
  running: 'was begun',
  completed: 'passed',
  failed: 'failed',
  cancelled: 'was cancelled',
  interrupted: 'was cut short',
} as const satisfies Readonly<Record<DrillRun['state'], string>>

/** What noticed it, what put it right, and what was lost. */
function runEvidence(subject: string, { at, verdict, detectedBy, recoveredBy, lost }: DrillRun) {
  return [verdict, detectedBy, recoveredBy, lost].flatMap((sentence, index) =>
    sentence === null ? [] : [stateEvidence(subject, stopped(sentence), { at: index === 0 ? at : null })],
  )
}

/** What was not noticed, or did not come back, would not do so in earnest either: a weakness, not an outage. */
function healthOf(last: DrillRun | null): Health {
  if (last?.state === 'completed') return 'healthy'
  return last?.state === 'failed' ? 'degraded' : 'unknown'
}
