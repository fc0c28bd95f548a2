import type { EventRecord } from '#shared/vocabulary.ts'

/** How many events are kept on screen at most. See docs/queues.md. */
export const mostEvents = 5_000

/** A page as the console answers it, in either order; `reached` is where to go on while there is more. */
export interface EventPage {
  readonly events: readonly EventRecord[]
  readonly more: boolean
  readonly reached: number | null
}

/** A run of the log without a hole, as far as the filter lets through: newest first, each sequence once. */
export interface EventWindow {
  readonly events: readonly EventRecord[]
  /** Everything up to this sequence is known, what comes after it is not; null when the run reaches the newest. */
  readonly newerFrom: number | null
  /** Everything from this sequence on is known, what comes before it is not; null when the run reaches the beginning. */
  readonly olderFrom: number | null
}

export const emptyWindow: EventWindow = { events: [], newerFrom: null, olderFrom: null }

/** The newest page of the log. What is shown already is kept when the page reaches it, and let go when it does not. */
export function withNewest(window: EventWindow, page: EventPage): EventWindow {
  const top = window.events[0]
  const olderFrom = goesOn(page)
  const joins = top !== undefined && (olderFrom === null || olderFrom <= top.seq)
  if (!joins) return { events: merged([], page.events), newerFrom: null, olderFrom }
  return bounded(
    {
      events: merged(window.events, page.events),
      newerFrom: null,
      olderFrom: olderFrom === null ? null : window.olderFrom,
    },
    'older',
  )
}

/** What lies around a sequence: the page at and before it, and the page after it. */
export function around(older: EventPage, newer: EventPage): EventWindow {
  return { events: merged(older.events, newer.events), newerFrom: goesOn(newer), olderFrom: goesOn(older) }
}

/** A page that goes on before the oldest; what is too much leaves at the newer end. */
export function withOlder(window: EventWindow, page: EventPage): EventWindow {
  return bounded({ ...window, events: merged(window.events, page.events), olderFrom: goesOn(page) }, 'newer')
}

/** A page that goes on after the newest; what is too much leaves at the older end. */
export function withNewer(window: EventWindow, page: EventPage): EventWindow {
  return bounded({ ...window, events: merged(window.events, page.events), newerFrom: goesOn(page) }, 'older')
}

/** Events that were told as they happened, right after the newest of the run. */
export function withLive(window: EventWindow, events: readonly EventRecord[]): EventWindow {
  return bounded({ ...window, events: merged(window.events, events) }, 'older')
}

/** Whether the event with this sequence, or the place where it would be, is in the run. */
export function covers({ events, newerFrom, olderFrom }: EventWindow, seq: number): boolean {
  return events.length > 0 && seq <= (newerFrom ?? seq) && seq >= (olderFrom ?? seq)
}

/** Both lists as one, newest first, each sequence once. `known` is newest first. */
export function merged(known: readonly EventRecord[], others: readonly EventRecord[]): readonly EventRecord[] {
  if (others.length === 0) return known
  const more = others.toSorted((a, b) => b.seq - a.seq)
  const newest = known[0]?.seq ?? 0
  const oldest = known.at(-1)?.seq ?? 0
  // By far the most common: what is new lies wholly before or after.
  if ((more.at(-1)?.seq ?? 0) > newest) return [...more, ...known]
  if ((more[0]?.seq ?? 0) < oldest) return [...known, ...more]
  const bySeq = new Map([...known, ...more].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq)
}

function goesOn({ events, more, reached }: EventPage): number | null {
  return more ? (reached ?? events.at(-1)?.seq ?? null) : null
}

function bounded(window: EventWindow, giveUp: 'newer' | 'older'): EventWindow {
  if (window.events.length <= mostEvents) return window
  if (giveUp === 'newer') {
    const events = window.events.slice(-mostEvents)
    return { ...window, events, newerFrom: events[0]?.seq ?? null }
  }
  const events = window.events.slice(0, mostEvents)
  return { ...window, events, olderFrom: events.at(-1)?.seq ?? null }
}
