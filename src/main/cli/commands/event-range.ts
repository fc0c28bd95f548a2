import type { Connection } from '#shared/client/index.ts'
import type { EventFilter } from '#shared/event-filter.ts'
import type { EventRecord } from '#shared/vocabulary.ts'

/** A part of the event log. Sequences and times are inclusive. */
export interface EventRange {
  readonly fromSeq: number
  readonly toSeq: number
  readonly from: number | null
  readonly to: number | null
}

/** Finest counts that are asked for. */
const buckets = 400
const mostInPage = 1_000

/**
 * Where in the log events of the asked times lie: from the counts over time, since times need not be in order where the clock jumped.
 * Null when there are none.
 */
export async function narrowed({ calls }: Connection, range: EventRange): Promise<EventRange | null> {
  const { from, to } = range
  if (from === null && to === null) return range
  const span = await calls.events.span({ buckets })
  // Not everything is counted while a large log is indexed for the first time.
  if (span.countedFrom !== null) return range
  const within = span.buckets.filter(
    ({ at }) => (to === null || at <= to) && (from === null || at + span.bucketMs > from),
  )
  if (within.length === 0) return null
  return {
    ...range,
    fromSeq: Math.max(range.fromSeq, Math.min(...within.map(({ firstSeq }) => firstSeq))),
    toSeq: Math.min(range.toSeq, Math.max(...within.map(({ lastSeq }) => lastSeq))),
  }
}

/** Events of a range page by page, with the last sequence that was looked at. */
export async function* eventsIn(
  { calls }: Connection,
  filter: EventFilter,
  { fromSeq, toSeq, from, to }: EventRange,
  { order, pageSize = mostInPage }: { readonly order: 'newest' | 'oldest'; readonly pageSize?: number },
): AsyncGenerator<{ readonly events: readonly EventRecord[]; readonly reached: number }> {
  let low = fromSeq
  let high = toSeq
  while (low <= high) {
    const page = await calls.events.page({
      ...filter,
      after: low - 1,
      before: high + 1,
      order,
      limit: Math.min(pageSize, mostInPage),
    })
    const reached = page.reached ?? (order === 'oldest' ? high : low)
    const asked = page.events.filter(({ at }) => (from === null || at >= from) && (to === null || at <= to))
    yield { events: asked, reached }
    if (!page.more || page.reached === null) return
    if (order === 'oldest') low = page.reached + 1
    else high = page.reached - 1
  }
}
