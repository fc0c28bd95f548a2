import type { Clock } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { Range } from './event-query.ts'
import { type EventRow, eventColumns, recordOf } from './event-rows.ts'
import { type Order, searchFor } from './event-search.ts'
import type { EventPage, EventQuery } from './types.ts'

/** A search that has found too little by then answers with that; whoever asked may go on from where it came. */
const budgetMs = 1_000
/** Blocks of the index of words that are searched at a time: a query beyond it is no quicker than two. */
const mostBlocks = 64
/** Rows read at a time where most of them may not match. */
const readAhead = 500

/** Reads one page, and one event more, so that it shows whether there is more. */
export async function readPage(
  database: Database,
  clock: Clock,
  query: EventQuery,
  signal?: AbortSignal,
): Promise<EventPage> {
  const { before, after, limit } = query
  const order = query.order ?? (after !== undefined && before === undefined ? 'oldest' : 'newest')
  const range: Range = { low: (after ?? -1) + 1, high: (before ?? Number.MAX_SAFE_INTEGER) - 1 }
  const found: EventRecord[] = []
  let foundBefore = 0
  const blocksAfter = (blocks: number) => {
    const share = (found.length - foundBefore) / blocks
    foundBefore = found.length
    return nextBlocks(blocks, share, limit + 1 - found.length)
  }
  const search = searchFor(database, query, range, { order, first: limit + 1, blocksAfter, signal })
  const began = clock.monotonic()
  for await (const stretch of search.stretches) {
    const most = stretch.exact ? limit + 1 : Math.max(limit + 1, readAhead)
    for (let left: Range | null = stretch.range; left; ) {
      const { sql, values } = stretch.within(left)
      const direction = order === 'newest' ? 'DESC' : 'ASC'
      const statement = `SELECT ${eventColumns} ${sql} ORDER BY ${stretch.by} ${direction} LIMIT ?`
      const rows = await search.read<EventRow>(statement, [...values, most])
      for (const row of rows) {
        if (!stretch.exact && !search.matches(row)) continue
        if (found.length === limit) return { events: found, more: true, reached: found.at(-1)?.seq ?? null }
        found.push(recordOf(row))
      }
      const last = rows.at(-1)
      left = last && rows.length === most ? beyond(left, last.seq, order) : null
      if (clock.monotonic() - began < budgetMs) continue
      const reached = left ? (last?.seq ?? null) : order === 'newest' ? stretch.range.low : stretch.range.high
      return { events: found, more: true, reached }
    }
  }
  return { events: found, more: false, reached: null }
}

/** As many blocks as probably fill the page when each holds as many as those before; more when they held none. */
function nextBlocks(before: number, foundInEach: number, wanted: number): number {
  const enough = foundInEach === 0 ? before * 4 : Math.ceil((wanted / foundInEach) * 1.25)
  return Math.min(enough, before * 8, mostBlocks)
}

function beyond({ low, high }: Range, seq: number, order: Order): Range {
  return order === 'newest' ? { low, high: seq - 1 } : { low: seq + 1, high }
}
