import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, historyOf, type WhyFacts } from './facts.ts'
import { cardEvidence, distinctFixes, eventsEvidence, type Finding, pageOf, stateEvidence } from './finding.ts'
import { whatBegan, whatWasSeen } from './origin.ts'
import { isTroubled } from './service-path.ts'
import { type Trouble, troubleOf } from './why-service.ts'
import { bare, inside, sentenceClock } from './words.ts'

/** Why a job is or ended as it did. */
export function whyJob(id: string, facts: WhyFacts): Finding {
  const subject = `job:${id}`
  const job = facts.shown.jobs[id]
  const clock = sentenceClock(facts.zone, facts.now)
  const history = historyOf(facts, subject)
  const chain = chainOf(facts, history[0]?.id ?? null)
  if (!job) return pastJob(id, facts)
  const finding = (health: Health, sentence: string, behind: Partial<Trouble> = {}): Finding => ({
    subject,
    title: job.title,
    health,
    sentence,
    root: behind.root ?? subject,
    evidence: withEvents([...jobEvidence(job), ...(behind.evidence ?? [])], chain),
    fixes: distinctFixes([...(behind.fixes ?? []), ...fixesOf(job)]),
  })
  const when = clock.when(job.endedAt ?? job.startedAt)
  const title = `“${job.title}”`
  switch (job.state) {
    case 'running': {
      const step = job.steps.find(({ state }) => state === 'running')
      const doing = step ? ` and is at “${step.title}”` : ''
      return finding('healthy', `Nothing is wrong with ${title}: it runs since ${clock.at(job.startedAt)}${doing}.`)
    }
    case 'completed':
      return finding(
        'healthy',
        `Nothing is wrong with ${title}: it was done ${when}${job.message ? `. ${job.message}` : '.'}`,
      )
    case 'cancelled': {
      const who = whatBegan(
        chain.filter(({ kind }) => kind === 'job.cancelled'),
        clock,
      )
      return finding('unknown', `${title} was cancelled ${when}${who ? ` because ${who}` : ''}.`)
    }
    case 'interrupted':
      return finding(
        'degraded',
        `${title} was interrupted: ${inside(job.message ?? 'the console or the power went while it ran')}.`,
      )
    case 'failed': {
      const service = serviceOf(job, facts)
      const behind = service === null ? null : troubleOf(service, facts)
      const reason = behind ? inside(behind.sentence) : inside(job.message ?? 'no reason was told')
      return finding('unhealthy', `${title} failed ${when}: ${reason}.`, behind ?? {})
    }
  }
}

/** The service whose trouble a failed job tells of: the one that its message begins with, else what it acted on. */
function serviceOf({ kind, subject, message }: JobView, { shown }: WhyFacts): string | null {
  if (!kind.startsWith('services.')) return null
  const told = message?.split(' ')[0] ?? ''
  const candidates = [told, subject.startsWith('service:') ? subject.slice('service:'.length) : '']
  return candidates.find((id) => shown.services[id] && isTroubled(shown.services[id])) ?? null
}

function jobEvidence(job: JobView): readonly Evidence[] {
  const { id, title, message, remedy, steps, startedAt, endedAt } = job
  const failed = steps.find(({ state }) => state === 'failed')
  const page = pageOf(job.subject)
  const state = (sentence: string, at: number | null) => ({ ...stateEvidence(`job:${id}`, sentence, { at }), page })
  return [
    state(`${title}: ${message ?? job.state}${remedy ? ` ${remedy}` : ''}`, endedAt ?? startedAt),
    ...(failed ? [state(`It failed at the step “${failed.title}”.`, failed.endedAt)] : []),
  ]
}

function fixesOf({ kind, state }: JobView) {
  if (state !== 'failed') return []
  if (kind === 'backup.create') return [{ label: 'Back up again', action: { type: 'back-up' as const } }]
  return []
}

/** A job that the shown state has let go: its events remain. */
function pastJob(id: string, facts: WhyFacts): Finding {
  const subject = `job:${id}`
  const clock = sentenceClock(facts.zone, facts.now)
  const [last] = historyOf(facts, subject)
  const chain = chainOf(facts, last?.id ?? null)
  const title = typeof last?.data.title === 'string' ? last.data.title : id
  const began = whatBegan(chain, clock)
  return {
    subject,
    title,
    health: last?.kind === 'job.failed' ? 'unhealthy' : 'unknown',
    sentence: last
      ? `“${title}” ended ${clock.when(last.at)}: ${inside(last.message)}${began ? `, after ${began}` : ''}.`
      : `Nothing is recorded of job ${id} any more.`,
    root: subject,
    evidence: eventsEvidence(chain),
    fixes: [],
  }
}

/** Why a card needs attention: the trouble of what it is about, else what it says, and what led to it. */
export function whyCard(id: string, facts: WhyFacts): Finding {
  const subject = `card:${id}`
  const card = facts.shown.attention[id]
  if (!card) {
    return {
      subject,
      title: id,
      health: 'healthy',
      sentence: `${id} does not need attention any more.`,
      root: subject,
      evidence: [],
      fixes: [],
    }
  }
  const service = card.subject.startsWith('service:') ? card.subject.slice('service:'.length) : ''
  const view = facts.shown.services[service]
  const behind = view && isTroubled(view) ? troubleOf(service, facts) : null
  const chain = chainOf(facts, card.event)
  const began = behind ? null : whatBegan(chain.slice(1), sentenceClock(facts.zone, facts.now))
  const cause = began && !card.why.includes(bare(began)) ? `, because ${began}` : ''
  return {
    subject,
    title: card.title,
    health:
      card.severity === 'error' || card.severity === 'critical'
        ? 'unhealthy'
        : card.severity === 'warning'
          ? 'degraded'
          : 'unknown',
    sentence: behind ? behind.sentence : `${card.title}: ${inside(card.why)}${cause}.`,
    root: behind?.root ?? card.subject,
    evidence: withEvents(
      [
        cardEvidence(card),
        ...(behind?.evidence.filter(({ what, event }) => what !== 'card' || event !== card.event) ?? []),
      ],
      // That the card was raised says what the card says.
      chain.filter(({ kind }) => kind !== 'attention.raised'),
    ),
    fixes: distinctFixes([...card.fixes, ...(behind?.fixes ?? [])]),
  }
}

/** Why something happened: its chain of causes down to what began it. */
export function whyEvent(id: string, facts: WhyFacts): Finding {
  const subject = `event:${id}`
  const chain = chainOf(facts, id)
  const [event] = chain
  const clock = sentenceClock(facts.zone, facts.now)
  if (!event) {
    const sentence = `The event ${id} is not recorded, or not any more: what is older than the store keeps is given up.`
    return { subject, title: id, health: 'unknown', sentence, root: subject, evidence: [], fixes: [] }
  }
  const first = chain.at(-1) ?? event
  const began = whatBegan(chain, clock)
  const seen = whatWasSeen(chain)
  const told = `${bare(event.message)} (${clock.at(event.at)})`
  return {
    subject,
    title: event.kind,
    health:
      event.severity === 'error' || event.severity === 'critical'
        ? 'unhealthy'
        : event.severity === 'warning'
          ? 'degraded'
          : 'healthy',
    sentence: began
      ? `${told}, because ${began}.`
      : seen
        ? `${told}; what was seen: ${seen}.`
        : `${told}; nothing recorded is behind it.`,
    root: first.id === id ? subject : `event:${first.id}`,
    evidence: eventsEvidence(chain),
    fixes: [],
  }
}

function withEvents(evidence: readonly Evidence[], chain: Parameters<typeof eventsEvidence>[0]): readonly Evidence[] {
  return [...evidence, ...eventsEvidence(chain, evidence)]
}
