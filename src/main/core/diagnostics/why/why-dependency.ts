import type { DependencyView } from '#shared/contract/dependencies.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, historyOf, type ShownFacts, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import type { Fault } from './service-fault.ts'
import { inside, type SentenceClock, sentenceClock } from './words.ts'

/** Why calls to a dependency pass or do not: its breaker, the last error, the last check, and whom it keeps waiting. */
export function whyDependency(id: string, facts: WhyFacts): Finding {
  const subject = `dependency:${id}`
  const dependency = facts.shown.dependencies[id]
  const [newest] = historyOf(facts, subject)
  const events = eventsEvidence(newest ? chainOf(facts, newest.id) : [])
  const cards = cardsOf(facts, (card) => card.subject === subject)
  if (!dependency) {
    const sentence = `There is no dependency ${id} in site.yaml any more.`
    return { subject, title: id, health: 'unknown', sentence, root: subject, evidence: events, fixes: [] }
  }
  const { title, state, since, sentence, problem, figures, check, url, rule } = dependency
  const { ends } = figures
  const reset = { label: 'Try it now', action: { type: 'reset-dependency' as const, dependency: id } }
  return {
    subject,
    title,
    health: problem === null ? healthOf(state, check?.last?.ok ?? null) : 'unhealthy',
    sentence: `${toldOf(dependency, sentenceClock(facts.zone, facts.now))}.${waitingWords(dependency)}`,
    root: subject,
    evidence: [
      stateEvidence(subject, `${title} at ${url}: ${sentence}`, { at: since, event: newest?.id ?? null }),
      ...(figures.lastError
        ? [stateEvidence(subject, `The last error: ${figures.lastError.sentence}.`, { at: figures.lastError.at })]
        : []),
      ...(check?.last
        ? [stateEvidence(subject, `The last check: ${check.last.sentence}.`, { at: check.last.at })]
        : []),
      stateEvidence(
        subject,
        `Of ${figures.calls} calls it answered ${ends.answered}, the fallback ${ends.fallback}, and ${ends.failed} failed. Its breaker ${rule}.`,
      ),
      ...cards.map(cardEvidence),
      ...events,
    ],
    fixes: distinctFixes([...cards.flatMap(({ fixes }) => fixes), ...(state === 'closed' ? [] : [reset])]),
  }
}

/** What keeps calls from a dependency, a clause without its full stop; or that nothing does. */
function toldOf({ title, state, since, sentence, problem, nextTryAt }: DependencyView, clock: SentenceClock): string {
  if (problem !== null) return `${title} cannot be called: ${inside(problem)}`
  if (state === 'closed') return `Nothing keeps calls from ${title}: ${inside(sentence)}`
  const next = nextTryAt === null ? '' : `. It is tried again ${clock.exactly(nextTryAt)}`
  const what = state === 'half-open' ? `${title} is being tried again` : `No call goes to ${title}`
  return `${what} since ${clock.at(since)}: ${inside(sentence)}${next}`
}

function waitingWords({ state, problem, users }: DependencyView): string {
  if (state === 'closed' && problem === null) return ''
  const required = users.filter((user) => user.required).map(({ service }) => service)
  return required.length === 0 ? '' : ` What needs it to start: ${required.join(', ')}.`
}

/** The dependency that keeps a service from starting or from being well, with nothing of its own in the way; null when none does. */
export function blockingDependency(
  { state, health, probes, uses }: ServiceView,
  shown: ShownFacts,
): DependencyView | null {
  const impaired = state === 'running' && health === 'degraded' && !probes.some(({ passing }) => passing === false)
  if (state !== 'waiting' && !impaired) return null
  const unreachable = uses.filter(({ reachable }) => !reachable)
  // What it cannot do without is told first.
  const [blocking] = unreachable.toSorted((a, b) => Number(b.required) - Number(a.required))
  return blocking ? (shown.dependencies[blocking.dependency] ?? null) : null
}

/** "it cannot call School calendar since 14:02". */
export function cannotCallWords(
  caller: string,
  { title, state, problem, since }: DependencyView,
  clock: SentenceClock,
) {
  const kept = problem === null && (state === 'open' || state === 'isolated')
  return `${caller} cannot call ${title}${kept ? ` since ${clock.at(since)}` : ''}`
}

/** What a service's answer takes from the dependency behind it: why it cannot be called, evidence, and what helps. */
export function dependencyFault(dependency: DependencyView, facts: WhyFacts): Fault {
  const { problem, sentence, nextTryAt } = dependency
  const { evidence, fixes } = whyDependency(dependency.id, facts)
  const clock = sentenceClock(facts.zone, facts.now)
  const next = nextTryAt === null ? '' : `. It is tried again ${clock.exactly(nextTryAt)}`
  return { clause: problem === null ? `${inside(sentence)}${next}` : inside(problem), evidence, fixes }
}

function healthOf(state: 'closed' | 'open' | 'half-open' | 'isolated', checked: boolean | null): Health {
  if (state === 'half-open') return 'degraded'
  if (state !== 'closed') return 'unhealthy'
  return checked === false ? 'degraded' : 'healthy'
}
