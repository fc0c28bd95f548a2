import type { Database } from '#core/store/index.ts'

/**
 * How many messages were journalled since a time: found by halving, because the journal is in the order in which messages came and
 * is not indexed by time. About, where the clock was set meanwhile or rows were deleted in between. `at`: wall-clock milliseconds.
 */
export function journalledSince(database: Pick<Database, 'get'>, at: number): number {
  const rowFrom = (seq: number) =>
    database.get<{ seq: number; at: number }>({
      sql: 'SELECT seq, at FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1',
      values: [seq],
    })
  const newest = database.get<{ seq: number | null }>({ sql: 'SELECT max(seq) AS seq FROM journal', values: [] })?.seq
  if (newest == null) return 0
  let low = rowFrom(0)?.seq ?? 0
  let high = newest + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = rowFrom(middle)
    if (row && row.at <= at) low = row.seq + 1
    else high = middle
  }
  return Math.max(0, newest + 1 - low)
}
