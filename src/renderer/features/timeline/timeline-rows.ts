import type { EventRecord } from '#shared/vocabulary.ts'

/** A line of the list. */
export type TimelineRow =
  | { readonly type: 'event'; readonly key: string; readonly event: EventRecord }
  /** Below it another day begins, one further back. */
  | { readonly type: 'day'; readonly key: string; readonly day: string }
  /** The clock was set back between the event below and the one above: sequence tells the order, not time. */
  | { readonly type: 'clock'; readonly key: string; readonly backMs: number }

/** Events are stamped before they queue for the writer; less than this is not the clock's doing. Milliseconds. */
const jitterMs = 1_000
/** Every zone changes its day on a quarter of an hour. */
const quarterMs = 900_000

/** The lines for events, newest first: the events, and between them where the day changes and where time goes backwards. */
export function timelineRows(events: readonly EventRecord[], dayOf: (at: number) => string): readonly TimelineRow[] {
  const rows: TimelineRow[] = []
  let newer: EventRecord | undefined
  let day = ''
  let quarter = Number.NaN
  for (const event of events) {
    const before = day
    const inQuarter = Math.floor(event.at / quarterMs)
    // Formatting a date is costly: most neighbours lie in the same quarter of an hour.
    if (inQuarter !== quarter) day = dayOf(event.at)
    quarter = inQuarter
    if (newer && event.at - newer.at > jitterMs) {
      rows.push({ type: 'clock', key: `clock-${event.seq}`, backMs: event.at - newer.at })
    }
    if (newer && day !== before) rows.push({ type: 'day', key: `day-${event.seq}`, day })
    rows.push({ type: 'event', key: event.id, event })
    newer = event
  }
  return rows
}

/** The line of the event with this sequence, or of the nearest older one; -1 when there is none. */
export function rowOfSeq(rows: readonly TimelineRow[], seq: number): number {
  const found = rows.findIndex((row) => row.type === 'event' && row.event.seq <= seq)
  return found === -1 ? rows.length - 1 : found
}
