import type { Database, SqlValue, Statement } from '#core/store/index.ts'
import { type SearchWord, searchWords } from '#shared/event-text.ts'
import { severities } from '#shared/vocabulary.ts'
import { matchExpression } from './text-terms.ts'
import type { EventFilter } from './types.ts'

/** Sequences from `low` to `high`, both included. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** A condition with an index of its own: `among` are the keys in that index that fulfil it. */
interface Condition {
  readonly index: 'events_subject' | 'events_kind' | 'events_severity' | 'events_operation'
  readonly column: 'subject' | 'kind' | 'severity' | 'operation'
  readonly among: readonly SqlValue[]
}

/** A filter as the log answers it. */
export interface ReadFilter {
  readonly conditions: readonly Condition[]
  readonly words: readonly SearchWord[]
  readonly rank: number
  readonly subject: string | undefined
}

type Read = Pick<Database, 'all' | 'get'>

/** How many candidates show how thickly they lie. A condition that fewer events fulfil leads a search by words too. */
const narrow = 300

/** What a filter means for the tables. Kinds are looked up: those that exist with the prefix. */
export function readFilter(filter: EventFilter, database: Read): ReadFilter {
  const conditions: Condition[] = []
  const { subject, operation, kind, atLeast, text } = filter
  const rank = atLeast === undefined ? 0 : severities.indexOf(atLeast)
  if (operation !== undefined) conditions.push({ index: 'events_operation', column: 'operation', among: [operation] })
  if (subject !== undefined) conditions.push({ index: 'events_subject', column: 'subject', among: [subject] })
  if (kind) conditions.push({ index: 'events_kind', column: 'kind', among: kindsWith(kind, database) })
  if (rank > 0) {
    const ranks = severities.map((_, each) => each).slice(rank)
    conditions.push({ index: 'events_severity', column: 'severity', among: ranks })
  }
  return { conditions, words: searchWords(text ?? ''), rank, subject }
}

/**
 * How matching events are found in a range. By an index on a column (`lead`, or the order of the log without one), or by the
 * index of words. What the index does not say is looked at in the events themselves.
 */
export type Approach =
  | { readonly by: 'key'; readonly lead: Condition | null; readonly rest: readonly Condition[] }
  | { readonly by: 'words'; readonly rest: readonly Condition[] }

/**
 * The condition that the fewest events fulfil, where the search begins, leads. Words lead where the index has them, unless a condition is
 * narrow.
 */
export function approachTo(
  { conditions, words }: ReadFilter,
  range: Range,
  order: 'DESC' | 'ASC',
  database: Read,
): Approach {
  const indexed = words.some(({ tokens }) => tokens.length > 0)
  const [only] = conditions
  if (!only) return indexed ? { by: 'words', rest: [] } : { by: 'key', lead: null, rest: [] }
  if (conditions.length === 1 && !indexed) return { by: 'key', lead: only, rest: [] }
  const reaches = conditions.map((condition) => ({
    condition,
    // Where the first few candidates end; null when there are not even that many.
    end: database.get<{ seq: number }>(stretchEnd(condition, range, order, narrow))?.seq ?? null,
  }))
  const farther = (end: number | null, than: number | null) =>
    than !== null && (end === null || (order === 'DESC' ? end < than : end > than))
  const { condition: lead, end } = reaches.reduce((best, each) => (farther(each.end, best.end) ? each : best))
  if (indexed && end !== null) return { by: 'words', rest: conditions }
  return { by: 'key', lead, rest: conditions.filter((condition) => condition !== lead) }
}

/** `FROM … WHERE …` for all events of a range that may match; `blocks` are those of the index of words that the range has. */
export function selection(
  approach: Approach,
  filter: ReadFilter,
  range: Range,
  blocks: readonly number[],
): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const rest = conditionsSql(approach.rest)
  if (approach.by === 'words') {
    // FTS5 takes no notice of a bound that is not an integer, and larger numbers are bound as floating point.
    return {
      sql: `FROM events_text CROSS JOIN events ON events.seq = events_text.rowid
            WHERE events_text MATCH ? AND events_text.rowid BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER)${rest.sql}`,
      values: [matchExpression(filter, blocks), range.low, range.high, ...rest.values],
    }
  }
  const { lead } = approach
  const led = conditionsSql(lead ? [lead] : [])
  return {
    sql: `FROM events ${lead ? `INDEXED BY ${lead.index}` : 'NOT INDEXED'} WHERE seq BETWEEN ? AND ?${led.sql}${rest.sql}`,
    values: [range.low, range.high, ...led.values, ...rest.values],
  }
}

/** The sequence of the `count`-th candidate of a range, from its upper end or its lower one: where a stretch of so many ends. */
export function stretchEnd(lead: Condition | null, range: Range, order: 'DESC' | 'ASC', count: number): Statement {
  const one = (condition: string) =>
    `SELECT seq FROM (SELECT seq FROM events ${lead ? `INDEXED BY ${lead.index}` : ''}
       WHERE ${condition}seq BETWEEN ? AND ? ORDER BY seq ${order} LIMIT ?)`
  const bounds = [range.low, range.high, count]
  if (!lead) {
    return { sql: `${one('')} ORDER BY seq ${order} LIMIT 1 OFFSET ?`, values: [...bounds, count - 1] }
  }
  const each = lead.among.map(() => one(`${lead.column} = ? AND ${partial(lead)}`)).join(' UNION ALL ')
  return {
    sql: `SELECT seq FROM (${each}) ORDER BY seq ${order} LIMIT 1 OFFSET ?`,
    values: [...lead.among.flatMap((key) => [key, ...bounds]), count - 1],
  }
}

/** What a partial index must be told before SQLite uses it for a bound value. */
function partial({ column }: Condition): string {
  if (column === 'severity') return 'severity >= 1 AND '
  return column === 'operation' ? 'operation IS NOT NULL AND ' : ''
}

function conditionsSql(conditions: readonly Condition[]): {
  readonly sql: string
  readonly values: readonly SqlValue[]
} {
  return {
    sql: conditions
      .map((condition) => ` AND ${partial(condition)}events.${condition.column} ${oneOf(condition)}`)
      .join(''),
    values: conditions.flatMap(({ among }) => among),
  }
}

/** With one key the index gives its events in order, and a page ends as soon as it is full. */
function oneOf({ among }: Condition): string {
  return among.length === 1 ? '= ?' : `IN (${among.map(() => '?').join(', ')})`
}

/** More kinds than this do not begin alike. */
const mostKinds = 400

/** The kinds that exist and begin so, from one to the next in the index. */
function kindsWith(prefix: string, database: Read): readonly string[] {
  const sql = `
    WITH RECURSIVE kinds (kind) AS (
      SELECT min(kind) FROM events WHERE kind >= @from AND kind < @to
      UNION ALL
      SELECT (SELECT min(kind) FROM events WHERE kind > kinds.kind AND kind < @to) FROM kinds WHERE kinds.kind IS NOT NULL
    )
    SELECT kind FROM kinds WHERE kind IS NOT NULL LIMIT @most`
  const values = { from: prefix, to: `${prefix}\u{10ffff}`, most: mostKinds }
  return database.all<{ kind: string }>({ sql, values }).map(({ kind }) => kind)
}
