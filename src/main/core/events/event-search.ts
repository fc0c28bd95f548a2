import type { Database, SqlValue } from '#core/store/index.ts'
import { textMatcher } from '#shared/event-text.ts'
import {
  type Approach,
  approachTo,
  type Range,
  type ReadFilter,
  readFilter,
  selection,
  stretchEnd,
} from './event-query.ts'
import type { SearchedRow } from './event-rows.ts'
import { blockOf, blockRange } from './text-terms.ts'
import type { EventFilter } from './types.ts'

export type Order = 'newest' | 'oldest'

/** A range of the log and how to find there what may match, few enough at a time for one short query. */
export interface Stretch {
  readonly range: Range
  /** Whether whatever is found there matches, without {@link Search.matches} being asked. */
  readonly exact: boolean
  /** The column that is in order of sequence without sorting. */
  readonly by: 'events.seq' | 'events_text.rowid'
  /** `FROM … WHERE …` for what may match in a part of the range. */
  within(range: Range): { readonly sql: string; readonly values: readonly SqlValue[] }
}

/** A search: the stretches in order, and the test that decides, since the index finds more than what matches. */
export interface Search {
  readonly stretches: AsyncIterable<Stretch>
  matches(row: SearchedRow): boolean
  /** Reads events of a stretch: on this thread while that is short, else beside it. */
  read<T>(sql: string, values: readonly SqlValue[]): Promise<readonly T[]>
}

/** Stretches grow from a page's worth to this many candidates. */
const mostCandidates = 20_000
/** More candidates than these are counted beside the control plane: that takes some milliseconds. */
const mostOnThisThread = 6_000
const growth = 4

export interface SearchOptions {
  readonly order: Order
  /** Candidates of the first stretch. */
  readonly first: number
  /** How many blocks of the index of words the next stretch takes after one of so many; the first takes one. */
  readonly blocksAfter: (blocks: number) => number
  readonly signal?: AbortSignal | undefined
}

/** Plans a search through a range of the log. */
export function searchFor(database: Database, filter: EventFilter, range: Range, options: SearchOptions): Search {
  const { order, signal } = options
  const wanted = readFilter(filter, database)
  // One condition is answered from its index, page by page; whatever else there is may have to look at many events in vain.
  const short = wanted.conditions.length <= 1 && wanted.words.length === 0
  const parts = partsOf(database, wanted, range, order)
  return {
    stretches: stretchesOf(database, wanted, order === 'newest' ? parts : parts.toReversed(), options),
    matches: textMatcher(wanted.words),
    read: async <T>(sql: string, values: readonly SqlValue[]) =>
      short ? database.all<T>({ sql, values }) : database.query<T>({ sql, values }, signal ? { signal } : {}),
  }
}

interface Part {
  readonly approach: Approach
  readonly range: Range
}

/** Newest first: what the index of words does not know yet is looked through event by event. */
function partsOf(database: Database, wanted: ReadFilter, range: Range, order: Order): readonly Part[] {
  // A kind that does not exist.
  if (wanted.conditions.some(({ among }) => among.length === 0)) return []
  const approach = approachTo(wanted, range, order === 'newest' ? 'DESC' : 'ASC', database)
  if (approach.by === 'key') return [{ approach, range }]
  const indexed = database.get<{ to: number }>({ sql: 'SELECT indexed_to AS "to" FROM events_index' })?.to ?? 0
  const tail: Approach = { by: 'key', lead: null, rest: wanted.conditions }
  return [
    { approach: tail, range: { low: Math.max(range.low, indexed + 1), high: range.high } },
    { approach, range: { low: range.low, high: Math.min(range.high, indexed) } },
  ]
}

async function* stretchesOf(
  database: Database,
  wanted: ReadFilter,
  parts: readonly Part[],
  { order, first, blocksAfter }: SearchOptions,
): AsyncGenerator<Stretch> {
  for (const { approach, range } of parts) {
    const exact =
      approach.by === 'key' ? wanted.words.length === 0 : wanted.words.every(({ literal }) => literal === null)
    let left = range
    for (let size = 1; left.low <= left.high; size = approach.by === 'words' ? blocksAfter(size) : size * growth) {
      const { end, blocks } =
        approach.by === 'words'
          ? nextBlocks(database, left, order, size)
          : {
              end: await candidatesEnd(database, approach, left, order, Math.min(size * first, mostCandidates)),
              blocks: [],
            }
      const stretch = order === 'newest' ? { low: end, high: left.high } : { low: left.low, high: end }
      if (approach.by === 'key' || blocks.length > 0) {
        const by = approach.by === 'key' ? 'events.seq' : 'events_text.rowid'
        yield { range: stretch, exact, by, within: (part) => selection(approach, wanted, part, blocks) }
      }
      left = order === 'newest' ? { low: left.low, high: end - 1 } : { low: end + 1, high: left.high }
    }
  }
}

async function candidatesEnd(
  database: Database,
  { lead }: Extract<Approach, { by: 'key' }>,
  range: Range,
  order: Order,
  count: number,
): Promise<number> {
  const statement = stretchEnd(lead, range, order === 'newest' ? 'DESC' : 'ASC', count)
  // Of each key as many are looked at.
  const short = (lead?.among.length ?? 1) * count <= mostOnThisThread
  const found = short ? database.get<{ seq: number }>(statement) : (await database.query<{ seq: number }>(statement))[0]
  return found?.seq ?? (order === 'newest' ? range.low : range.high)
}

/** The next blocks that hold events at all: after a database was replaced, sequences go on much higher. */
function nextBlocks(
  database: Database,
  { low, high }: Range,
  order: Order,
  most: number,
): { readonly end: number; readonly blocks: readonly number[] } {
  const newest = order === 'newest'
  const sql = newest
    ? 'SELECT max(seq) AS seq FROM events WHERE seq BETWEEN ? AND ?'
    : 'SELECT min(seq) AS seq FROM events WHERE seq BETWEEN ? AND ?'
  const blocks: number[] = []
  let left = { low, high }
  while (blocks.length < most && left.low <= left.high) {
    const seq = database.get<{ seq: number | null }>({ sql, values: [left.low, left.high] })?.seq ?? null
    if (seq === null) return { end: newest ? low : high, blocks }
    const block = blockOf(seq)
    blocks.push(block)
    left = newest ? { low, high: blockRange(block).low - 1 } : { low: blockRange(block).high + 1, high }
  }
  return { end: newest ? Math.max(low, left.high + 1) : Math.min(high, left.low - 1), blocks }
}
