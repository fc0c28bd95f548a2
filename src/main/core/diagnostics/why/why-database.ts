import { chainOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import { isTroubled } from './service-path.ts'
import { troubleOf, whyService } from './why-service.ts'
import { inside, sentenceClock } from './words.ts'

/** Why a database of the site is as it is: its service first, then what the pool in front of it has seen. */
export function whyDatabase(id: string, facts: WhyFacts): Finding {
  const subject = `database:${id}`
  const database = facts.shown.databases[id]
  const view = facts.shown.services[id]
  if (!database) return { ...whyService(id, facts), subject }
  const { health, sentence, since, where, engine, pool, lastError, lastCheck, recovery } = database
  const clock = sentenceClock(facts.zone, facts.now)
  const cards = cardsOf(facts, (card) => card.subject === subject || card.subject === `service:${id}`)
  const own = [
    stateEvidence(subject, `${engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'} ${where}: ${sentence}`, {
      at: since,
      event: view?.event ?? null,
    }),
    ...(lastError ? [stateEvidence(subject, lastError.sentence, { at: lastError.at })] : []),
    ...(lastCheck ? [stateEvidence(subject, `Last check: ${lastCheck.note}`, { at: lastCheck.at })] : []),
    stateEvidence(
      subject,
      `The pool has ${pool.open} of ${pool.size + pool.overflow} connections open, ${pool.inUse} in use, ${pool.waiting} waiting; ${pool.timeouts} waits timed out.`,
    ),
    ...cards.map(cardEvidence),
  ]
  const cardFixes = cards.flatMap(({ fixes }) => fixes)
  const behind = view && isTroubled(view) ? troubleOf(id, facts) : null
  if (behind && (behind.root !== `service:${id}` || view?.state !== 'running')) {
    return {
      subject,
      title: view?.title ?? id,
      health: health === 'healthy' ? 'unknown' : health,
      sentence: `The database ${id} cannot be used because ${inside(behind.sentence)}.`,
      root: behind.root,
      evidence: [...own, ...behind.evidence],
      fixes: distinctFixes([...cardFixes, ...behind.fixes]),
    }
  }
  const damaged = lastCheck && !lastCheck.ok
  const recover =
    recovery && (damaged || health === 'unhealthy')
      ? [{ label: `Recover ${id}…`, action: { type: 'recover-database' as const, service: id } }]
      : []
  const last =
    lastError && health !== 'healthy' ? `, last ${clock.when(lastError.at)}: ${inside(lastError.sentence)}` : ''
  const told = damaged
    ? `The database ${id} is damaged: the check of ${clock.at(lastCheck.at)} says that ${inside(lastCheck.note)}.`
    : health === 'healthy'
      ? `Nothing is wrong with the database ${id}: ${inside(sentence)}.`
      : `The database ${id} is ${health} since ${clock.at(since)}: ${inside(sentence)}${last}.`
  return {
    subject,
    title: view?.title ?? id,
    health,
    sentence: told,
    root: subject,
    evidence: [...own, ...eventsEvidence(chainOf(facts, view?.event ?? null))],
    fixes: distinctFixes([...cardFixes, ...recover]),
  }
}
