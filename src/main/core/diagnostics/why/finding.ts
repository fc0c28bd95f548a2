import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { AttentionView, Fix } from '#shared/contract/state.ts'
import type { EventRecord, Health } from '#shared/vocabulary.ts'
import type { WhyFacts } from './facts.ts'
import { operatorWords } from './origin.ts'

/** What was found out about a subject: the answer but for how it is asked for. */
export interface Finding {
  readonly subject: string
  readonly title: string
  readonly health: Health
  readonly sentence: string
  /** The first failing thing. */
  readonly root: string
  /** From the subject down to the root. */
  readonly evidence: readonly Evidence[]
  readonly fixes: readonly Fix[]
}

/** Where a subject can be looked at; null when no page shows it. */
export function pageOf(subject: string): string | null {
  const [kind = '', id = ''] = subject.split(/:(.*)/s)
  switch (kind) {
    case 'service':
    case 'database':
      return `/services/${id}`
    case 'dependency':
      return `/services/dependency/${id}`
    case 'device':
      return `/devices?device=${encodeURIComponent(id)}`
    case 'policy':
      return `/recovery/${id}`
    case 'maintenance':
      return '/recovery'
    case 'drill':
      return '/diagnose#drills'
    case 'route':
      return '/messages/routes'
    case 'router':
    case 'broker':
      return '/messages'
    case 'snapshot':
      return `/backups/${id}`
    case 'backups':
    case 'rehearsals':
      return '/backups'
    case 'event':
      return `/timeline/${id}`
    case 'check':
    case 'store':
      return '/diagnose'
    case 'site':
    case 'machine':
    case 'card':
      return '/'
    default:
      return null
  }
}

/** A state as evidence. */
export function stateEvidence(
  subject: string,
  sentence: string,
  { at = null, event = null }: { readonly at?: number | null; readonly event?: string | null } = {},
): Evidence {
  return { what: 'state', subject, sentence, at, event, page: pageOf(subject) }
}

/** An event as evidence. */
export function eventEvidence({ id, at, subject, message, cause }: EventRecord): Evidence {
  const who = cause.type === 'operator' ? ` ${operatorWords(cause)} did it.` : ''
  const sentence = `${message}${who && ` A${who.slice(2)}`}`
  return { what: 'event', subject, sentence, at, event: id, page: `/timeline/${id}` }
}

/** Events that are not there yet, each once, the newest first as in a chain of causes. */
export function eventsEvidence(events: readonly EventRecord[], known: readonly Evidence[] = []): readonly Evidence[] {
  const seen = new Set(known.map(({ what, event }) => (what === 'event' ? event : null)))
  return events.filter(({ id }) => !seen.has(id)).map(eventEvidence)
}

/** A card as evidence. */
export function cardEvidence({ subject, title, why, since, event }: AttentionView): Evidence {
  return { what: 'card', subject, sentence: `${title}: ${why}`, at: since, event, page: '/' }
}

/** What needs attention of a subject, the oldest first. Dismissed ones still tell why. */
export function cardsOf({ shown }: WhyFacts, fits: (card: AttentionView) => boolean): readonly AttentionView[] {
  return Object.values(shown.attention)
    .filter(fits)
    .toSorted((a, b) => a.since - b.since)
}

/** Each fix once, in order; a link to the answer itself is none. */
export function distinctFixes(fixes: readonly Fix[]): readonly Fix[] {
  const seen = new Set<string>()
  return fixes.filter(({ label, action }) => {
    const key = JSON.stringify(action)
    if (seen.has(key) || label === 'Why?') return false
    seen.add(key)
    return true
  })
}

export function goTo(label: string, page: string): Fix {
  return { label, action: { type: 'go-to', page } }
}
