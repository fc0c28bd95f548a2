import type { Cause, EventRecord } from '#shared/vocabulary.ts'
import { bare, inside, type SentenceClock } from './words.ts'

type Operator = Extract<Cause, { type: 'operator' }>

const places: Readonly<Record<Operator['via'], string>> = {
  window: 'from the window',
  browser: 'from the browser',
  'command line': 'from the command line',
  tray: 'from the tray',
}

/** "an operator, from the browser,". */
export function operatorWords({ via }: Operator): string {
  return `an operator ${places[via]}`
}

/** The job that a chain of causes goes through, if any: its "started" event. */
export function jobOf(chain: readonly EventRecord[]): EventRecord | undefined {
  return chain.find(({ kind }) => kind === 'job.started')
}

/**
 * What stopped a service, to stand after "because": from the chain of causes of its stop. Null when the chain is empty.
 */
export function whoStopped(service: string, chain: readonly EventRecord[], clock: SentenceClock): string | null {
  const first = chain.at(-1)
  if (!first) return null
  const job = jobOf(chain)
  const at = clock.when(first.at)
  if (first.kind === 'site.closing') return `the site was closed ${at}`
  const { cause } = first
  if (cause.type !== 'operator') return `${origin(first)} (${clock.at(first.at)})`
  const who = 'an operator'
  const from = `${places[cause.via]} ${at}`
  if (first.kind === 'site.emergency-stopped') return `${who} stopped everything at once ${from} (emergency stop)`
  const kind = String(job?.data.kind ?? '')
  if (kind.startsWith('services.')) {
    const verb = kind === 'services.restart' ? 'restarted' : 'stopped'
    const target = String(job?.data.subject ?? '')
    if (target === `service:${service}`) return `${who} ${verb} it ${from}`
    if (target.startsWith('service:')) return `${who} ${verb} ${target.slice(8)}, which it needs, ${from}`
    return `${who} ${verb} all services ${from}`
  }
  if (job) return `“${String(job.data.title ?? job.message)}” stopped it, which ${who} began ${from}`
  return `${who} stopped it ${from}`
}

/** What began a chain of causes, to stand after "because". Null when the event has no cause beyond itself. */
export function whatBegan(chain: readonly EventRecord[], clock: SentenceClock): string | null {
  const first = chain.at(-1)
  if (!first) return null
  const { cause } = first
  if (cause.type === 'operator') {
    const title = jobOf(chain)?.data.title
    const what =
      typeof title === 'string'
        ? `began “${title}”`
        : chain.length > 1
          ? `did this: ${inside(first.message)}`
          : 'did it'
    return `an operator ${what} ${places[cause.via]} ${clock.when(first.at)}`
  }
  // What was seen is no clause of its own: `whatWasSeen` tells it.
  if (chain.length === 1) return cause.type === 'observation' ? null : origin(first)
  return `of what happened first, ${clock.when(first.at)}: ${inside(first.message)}`
}

/** What was seen that made an event, where nothing else did and the event does not say it itself: a thing or a clause, so after a colon. */
export function whatWasSeen(chain: readonly EventRecord[]): string | null {
  const [only] = chain
  if (chain.length !== 1 || only?.cause.type !== 'observation') return null
  return only.cause.what === bare(only.message) ? null : inside(only.cause.what)
}

/** The cause of one event in words; an event that is not recorded any more is said to be so. */
function origin({ cause }: EventRecord): string {
  switch (cause.type) {
    case 'operator':
      return operatorWords(cause)
    case 'schedule':
      return `the schedule “${cause.name}” was due`
    case 'console':
      return `the console did it: ${inside(cause.why)}`
    case 'observation':
      return inside(cause.what)
    case 'event':
      return 'of something that is no longer recorded'
  }
}
