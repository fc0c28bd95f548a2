import type { EventRecord } from '#shared/vocabulary.ts'

/** How many events are kept on screen at most. See docs/queues.md. */
export const mostEvents = 5_000

/** A page as the console answers it, in either order. */
export interface EventPage {
  readonly events: readonly EventRecord[]
  readonly more: boolean
}

/** A run of the log without a hole, as far as the filter lets through: newest first, each sequence once. */
export interface EventWindow {
  readonly events: readonly EventRecord[]
  /** Whether the log goes on beyond the newest of these. */
  readonly newerMore: boolean
  /** Whether the log goes on before the oldest of these. */
  readonly olderMore: boolean
}

export const emptyWindow: EventWindow = { events: [], newerMore: false, olderMore: false }

/** The newest page of the log. What is shown already is kept when the page reaches it, and let go when it does not. */
export function withNewest(window: EventWindow, page: EventPage): EventWindow {
  const top = window.events[0]
  const lowest = page.events.at(-1)
  const joins = top !== undefined && (lowest === undefined || !page.more || lowest.seq <= top.seq)
  if (!joins) return bounded({ events: merged([], page.events), newerMore: false, olderMore: page.more }, 'older')
  const olderMore = page.more ? window.olderMore : false
  return bounded({ events: merged(window.events, page.events), newerMore: false, olderMore }, 'older')
}

/** What lies around a sequence: the page at and before it, and the page after it. */
export function around(older: EventPage, newer: EventPage): EventWindow {
  return { events: merged(older.events, newer.events), newerMore: newer.more, olderMore: older.more }
}

/** A page that goes on before the oldest; what is too much leaves at the newer end. */
export function withOlder(window: EventWindow, page: EventPage): EventWindow {
  return bounded({ ...window, events: merged(window.events, page.events), olderMore: page.more }, 'newer')
}

/** A page that goes on after the newest; what is too much leaves at the older end. */
export function withNewer(window: EventWindow, page: EventPage): EventWindow {
  return bounded({ ...window, events: merged(window.events, page.events), newerMore: page.more }, 'older')
}

/** Whether the event with this sequence, or the place where it would be, is in the window. */
export function covers({ events, newerMore, olderMore }: EventWindow, seq: number): boolean {
  const newest = events[0]
  const oldest = events.at(-1)
  if (!newest || !oldest) return false
  return (seq <= newest.seq || !newerMore) && (seq >= oldest.seq || !olderMore)
}

/** Both lists as one, newest first, each sequence once. */
export function merged(known: readonly EventRecord[], others: readonly EventRecord[]): readonly EventRecord[] {
  if (others.length === 0) return known
  const bySeq = new Map(known.map((event) => [event.seq, event]))
  for (const event of others) bySeq.set(event.seq, event)
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq)
}

function bounded(window: EventWindow, giveUp: 'newer' | 'older'): EventWindow {
  if (window.events.length <= mostEvents) return window
  return giveUp === 'newer'
    ? { ...window, events: window.events.slice(-mostEvents), newerMore: true }
    : { ...window, events: window.events.slice(0, mostEvents), olderMore: true }
}
