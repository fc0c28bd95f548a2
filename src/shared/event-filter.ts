import { searchWords, textMatcher } from './event-text.ts'
import { type EventRecord, type Severity, severities } from './vocabulary.ts'

/** Which events are wanted; what is left out lets everything through. */
export interface EventFilter {
  readonly subject?: string | undefined
  /** Prefix of the kind: `service.` or `backup.completed`. */
  readonly kind?: string | undefined
  readonly atLeast?: Severity | undefined
  readonly operation?: string | undefined
  /** Words that must be found in message, subject or kind (`event-text.ts`). */
  readonly text?: string | undefined
}

/** The test that the event log applies to its rows, for events that have just happened. */
export function eventMatcher(filter: EventFilter): (event: EventRecord) => boolean {
  const { subject, kind, operation, text } = filter
  const rank = filter.atLeast === undefined ? 0 : severities.indexOf(filter.atLeast)
  const textMatches = textMatcher(searchWords(text ?? ''))
  return (event) =>
    (subject === undefined || event.subject === subject) &&
    (kind === undefined || event.kind.startsWith(kind)) &&
    (operation === undefined || event.operation === operation) &&
    severities.indexOf(event.severity) >= rank &&
    textMatches(event)
}
