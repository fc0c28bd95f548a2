import type { Clock } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import { BucketCounts, type CountedGroup } from './bucket-counts.ts'
import type { Range } from './event-query.ts'
import type { EventRow } from './event-rows.ts'
import { type Search, type Stretch, searchFor } from './event-search.ts'
import { minuteMs } from './runs.ts'
import { type Axis, axisFor } from './span-axis.ts'
import type { EventFilter, EventSpan } from './types.ts'

/** How long events are counted that no run counts already. */
const budgetMs = 500
/** Events that are counted by one query, and matched by one turn of this thread. */
const countedAtATime = 5_000
const matchedAtATime = 1_000
/** Blocks of the index of words that are counted by one query. */
const mostBlocks = 4

interface Reading {
  readonly database: Database
  readonly late: () => boolean
  readonly signal: AbortSignal | undefined
}

/** Counts over time: of the whole log from its runs, of what a filter lets through by reading that, newest first. */
export async function readSpan(
  database: Database,
  clock: Clock,
  { filter, buckets }: { readonly filter: EventFilter; readonly buckets: number },
  signal?: AbortSignal,
): Promise<EventSpan> {
  const began = clock.monotonic()
  const reading: Reading = { database, signal, late: () => clock.monotonic() - began > budgetMs }
  const indexedTo = database.get<{ to: number }>({ sql: 'SELECT indexed_to AS "to" FROM events_index' })?.to ?? 0
  const tail = await countTail(indexedTo, reading)
  const minutes = tail.groups.map(({ slot }) => slot)
  const axis = await axisFor(database, minutes, buckets, signal)
  const counts = new BucketCounts(axis)
  let countedFrom = tail.countedFrom
  if (Object.values(filter).some(Boolean)) {
    countedFrom = await countMatching(filter, counts, reading)
  } else {
    for (const group of tail.groups) counts.add({ ...group, slot: counts.slotOf(group.slot * minuteMs) })
    for (const group of await countRuns(axis, reading)) counts.add(group)
  }
  const moment = (seq: number | null) =>
    (seq !== null && database.get<{ seq: number; at: number }>({ sql: seqAndTime, values: [seq] })) || null
  return {
    total: counts.total,
    oldest: moment(counts.firstSeq),
    newest: moment(counts.lastSeq),
    bucketMs: axis.bucketMs,
    buckets: counts.buckets(),
    indexedTo,
    countedFrom,
  }
}

const seqAndTime = 'SELECT seq, at FROM events WHERE seq = ?'

/** What the runs do not count yet, per minute. */
async function countTail(
  indexedTo: number,
  { database, late, signal }: Reading,
): Promise<{ readonly groups: readonly CountedGroup[]; readonly countedFrom: number | null }> {
  const groups: CountedGroup[] = []
  const sql = `SELECT at / ${minuteMs} AS slot, severity, count(*) AS count, min(seq) AS first, max(seq) AS last
    FROM (SELECT seq, at, severity FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ${countedAtATime})
    GROUP BY 1, 2`
  for (let high = Number.MAX_SAFE_INTEGER; ; ) {
    const read = await database.query<CountedGroup>({ sql, values: [indexedTo + 1, high] }, signal ? { signal } : {})
    groups.push(...read)
    if (read.reduce((sum, { count }) => sum + count, 0) < countedAtATime) return { groups, countedFrom: null }
    const lowest = Math.min(...read.map(({ first }) => first))
    if (late()) return { groups, countedFrom: lowest }
    high = lowest - 1
  }
}

async function countRuns(axis: Axis, { database, signal }: Reading): Promise<readonly CountedGroup[]> {
  const sum = (column: string, severity: number) =>
    `SELECT slot, ${severity} AS severity, ${column} AS count, first, last FROM runs WHERE ${column} > 0`
  const sql = `
    WITH runs AS MATERIALIZED (
      SELECT (slot * ? - ?) / ? AS slot, min(first_seq) AS first, max(last_seq) AS last, sum(info) AS info, sum(notice) AS notice,
        sum(warning) AS warning, sum(error) AS error, sum(critical) AS critical
      FROM events_runs WHERE minutes = ? GROUP BY 1)
    ${['info', 'notice', 'warning', 'error', 'critical'].map(sum).join(' UNION ALL ')}`
  const values = [axis.runMinutes * minuteMs, axis.start, axis.bucketMs, axis.runMinutes].map(BigInt)
  return database.query<CountedGroup>({ sql, values }, signal ? { signal } : {})
}

/** Counts what matches. Resolves with the sequence from which on everything is counted, or null when everything is. */
async function countMatching(filter: EventFilter, counts: BucketCounts, reading: Reading): Promise<number | null> {
  const { database, late, signal } = reading
  const whole: Range = { low: 0, high: Number.MAX_SAFE_INTEGER }
  const blocksAfter = (blocks: number) => Math.min(blocks * 2, mostBlocks)
  const search = searchFor(database, filter, whole, { order: 'newest', first: countedAtATime, blocksAfter, signal })
  for await (const stretch of search.stretches) {
    const countedFrom = stretch.exact
      ? await countStretch(stretch, search, counts)
      : await matchStretch(stretch, search, counts, late)
    if (late() && countedFrom > whole.low) return countedFrom
  }
  return null
}

/** Has SQLite count. */
async function countStretch({ range, within }: Stretch, search: Search, counts: BucketCounts): Promise<number> {
  const { sql, values } = within(range)
  const { start, bucketMs } = counts.axis
  const grouped = `SELECT (at - ?) / ? AS slot, severity, count(*) AS count, min(events.seq) AS first, max(events.seq) AS last
                   ${sql} GROUP BY 1, 2`
  for (const group of await search.read<CountedGroup>(grouped, [BigInt(start), BigInt(bucketMs), ...values]))
    counts.add(group)
  return range.low
}

/** Looks at each event. */
async function matchStretch(
  { range, by, within }: Stretch,
  search: Search,
  counts: BucketCounts,
  late: () => boolean,
): Promise<number> {
  for (let left = range; ; ) {
    const { sql, values } = within(left)
    const columns = 'events.seq, at, severity, events.message, events.subject, events.kind'
    const statement = `SELECT ${columns} ${sql} ORDER BY ${by} DESC LIMIT ${matchedAtATime}`
    const rows = await search.read<EventRow>(statement, values)
    for (const row of rows) {
      if (!search.matches(row)) continue
      const { seq, at, severity } = row
      counts.add({ slot: counts.slotOf(at), severity, count: 1, first: seq, last: seq })
    }
    const last = rows.at(-1)
    if (!last || rows.length < matchedAtATime) return range.low
    if (late()) return last.seq
    left = { low: range.low, high: last.seq - 1 }
  }
}
