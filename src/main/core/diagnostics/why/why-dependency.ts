import type { Health } from '#shared/vocabulary.ts'
import { chainOf, historyOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import { inside, sentenceClock } from './words.ts'

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
  const { title, state, since, sentence, problem, figures, check, users, nextTryAt, url, rule } = dependency
  const { ends } = figures
  const clock = sentenceClock(facts.zone, facts.now)
  const next = nextTryAt === null ? '' : ` It is tried again at ${clock.at(nextTryAt)}.`
  const required = users.filter((user) => user.required).map(({ service }) => service)
  const waits = required.length === 0 ? '' : ` What needs it to start: ${required.join(', ')}.`
  const told =
    problem !== null
      ? `${title} cannot be called: ${inside(problem)}.`
      : state === 'closed'
        ? `Nothing keeps calls from ${title}: ${inside(sentence)}.`
        : `${title} is ${state} since ${clock.at(since)}: ${inside(sentence)}.${next}${waits}`
  const reset = { label: 'Try it now', action: { type: 'reset-dependency' as const, dependency: id } }
  return {
    subject,
    title,
    health: problem === null ? healthOf(state, check?.last?.ok ?? null) : 'unhealthy',
    sentence: told,
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

function healthOf(state: 'closed' | 'open' | 'half-open' | 'isolated', checked: boolean | null): Health {
  if (state === 'half-open') return 'degraded'
  if (state !== 'closed') return 'unhealthy'
  return checked === false ? 'degraded' : 'healthy'
}
