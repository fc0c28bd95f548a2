import type { SqlValue, Statement } from '#core/store/index.ts'
import { type MessageProperties, restoredProperties, storedProperties } from '../message-properties.ts'

/** How urgent a route's deliveries are: 0 critical, 1 high, 2 normal, 3 low. */
export type PriorityRank = 0 | 1 | 2 | 3

/** One message on its way to one target, as it stands in the table `outbox`. */
export interface OutboxRow {
  /** Its place; given when it is written. */
  seq: number
  /** The same for every attempt to deliver it, so that a receiver can tell a second copy. */
  readonly id: string
  readonly at: number
  /** Wall-clock milliseconds after which nobody wants it any more; null: never. */
  readonly expiresAt: number | null
  readonly priority: PriorityRank
  readonly route: string
  /** Kind and address of the target: `mqtt:board/presence`. */
  readonly target: string
  /** The topic that the message came on. */
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly bytes: number
  readonly retain: boolean
  /** What the message brought besides topic and payload; null for most. */
  readonly properties: MessageProperties | null
  /** Who published it to the embedded broker; null where that is not known. */
  readonly client: string | null
  /** What it keeps its order with; null where the target has one order for all, and in rows that were written then. */
  key: string | null
  /** Whether it takes the place of what waits of its key. Not on the disk. */
  readonly replaces: boolean
  /** Whether a newer one took its place before it was written. Not on the disk. */
  isReplaced: boolean
  /** Deliveries that the target refused. */
  attempts: number
  /** Attempts that failed in this run, for whatever reason, and why the last one did. Not on the disk. */
  failed: number
  why: string | null
}

/** What of one target's rows is on disk. */
export interface OutboxSum {
  readonly route: string
  readonly target: string
  readonly rows: number
  readonly bytes: number
}

const columns = [
  'seq',
  'id',
  'at',
  'expires_at',
  'priority',
  'route',
  'target',
  'topic',
  'bytes',
  'retain',
  'attempts',
  'payload',
  'properties',
  'key',
  'client',
] as const

/** Rows that one statement adds or takes away. Few sizes, so that the writer keeps few prepared statements. */
const sizes = [100, 10, 1] as const

/** Most rows that give way in one write; further ones do to the next message of their key. */
const mostErased = 5_000

/** A row that a newer one took the place of. */
export interface ErasedRow {
  readonly seq: number
  readonly route: string
  readonly target: string
  readonly bytes: number
}

/**
 * Adds rows, and in the same unit takes away what they take the place of: those tell of themselves in what the statements read, see
 * {@link erasedOf}. One that is there already, as the answer to a first attempt was lost, stays as it is.
 */
export function insertOutbox(rows: readonly OutboxRow[]): readonly Statement[] {
  const newest = new Map<string, OutboxRow>()
  for (const row of rows) {
    if (!row.replaces || row.key === null) continue
    const key = `${row.route}\n${row.target}\n${row.key}`
    const before = newest.get(key)
    if (before) before.isReplaced = true
    newest.set(key, row)
  }
  const inserts = inSizes(rows.filter((row) => !row.isReplaced)).map((some) => {
    const places = `(${columns.map(() => '?').join(',')})`
    const all = some.map(() => places).join(',')
    return {
      sql: `INSERT INTO outbox (${columns.join(',')}) VALUES ${all} ON CONFLICT (seq) DO NOTHING`,
      values: some.flatMap(valuesOf),
      name: 'INSERT outbox',
    }
  })
  return [...inserts, ...inSizes([...newest.values()]).map(eraseOlder)]
}

function eraseOlder(some: readonly OutboxRow[]): Statement {
  return {
    sql: `WITH newer (route, target, key, seq) AS (VALUES ${some.map(() => '(?,?,?,?)').join(',')})
          DELETE FROM outbox WHERE seq IN (
            SELECT o.seq FROM newer AS n CROSS JOIN outbox AS o
              ON o.route = n.route AND o.target = n.target AND o.key = n.key AND o.seq < n.seq
            LIMIT ${mostErased})
          RETURNING seq, route, target, bytes`,
    values: some.flatMap(({ route, target, key, seq }) => [route, target, key, seq]),
    name: 'REPLACE outbox',
  }
}

/** What the statements of {@link insertOutbox} have taken away, from what they read. */
export function erasedOf(read: readonly (readonly Readonly<Record<string, SqlValue>>[])[]): readonly ErasedRow[] {
  return read.flat().map((row) => ({
    seq: Number(row.seq),
    route: String(row.route),
    target: String(row.target),
    bytes: Number(row.bytes),
  }))
}

export function deleteOutbox(seqs: readonly number[]): readonly Statement[] {
  return inSizes(seqs).map((some) => ({
    sql: `DELETE FROM outbox WHERE seq IN (${some.map(() => '?').join(',')})`,
    values: some,
    name: 'DELETE outbox',
  }))
}

export function noteAttempts({ seq, attempts }: OutboxRow): Statement {
  return { sql: 'UPDATE outbox SET attempts = ? WHERE seq = ?', values: [attempts, seq] }
}

/** How much of each target there is, and the highest place that is taken. */
export const outboxSums: readonly Statement[] = [
  { sql: 'SELECT route, target, count(*) AS rows, sum(bytes) AS bytes FROM outbox GROUP BY route, target' },
  { sql: 'SELECT coalesce(max(seq), 0) AS seq FROM outbox' },
]

/** A page of one target's rows, in their order: at most `rows`, and no further one once `bytes` are reached. */
export function readOutbox(
  of: { readonly route: string; readonly target: string; readonly after: number; readonly through: number },
  most: { readonly rows: number; readonly bytes: number },
): Statement {
  return {
    sql: `SELECT ${columns.map((name) => `o.${name}`).join(', ')}
          FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS before
                FROM (SELECT seq, bytes FROM outbox
                      WHERE route = ? AND target = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?)) AS page
          JOIN outbox AS o ON o.seq = page.seq
          WHERE page.before < ? ORDER BY o.seq`,
    values: [of.route, of.target, of.after, of.through, most.rows, most.bytes],
    name: 'SELECT outbox',
  }
}

export function sumOf(row: Readonly<Record<string, SqlValue>>): OutboxSum {
  return { route: String(row.route), target: String(row.target), rows: Number(row.rows), bytes: Number(row.bytes) }
}

export function rowOf(row: Readonly<Record<string, SqlValue>>): OutboxRow {
  const { payload } = row
  return {
    seq: Number(row.seq),
    id: String(row.id),
    at: Number(row.at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    priority: rankOf(Number(row.priority)),
    route: String(row.route),
    target: String(row.target),
    topic: String(row.topic),
    payload: payload instanceof Uint8Array ? payload : String(payload),
    bytes: Number(row.bytes),
    retain: row.retain === 1,
    attempts: Number(row.attempts),
    properties: typeof row.properties === 'string' ? restoredProperties(row.properties) : null,
    key: typeof row.key === 'string' ? row.key : null,
    client: typeof row.client === 'string' ? row.client : null,
    replaces: false,
    isReplaced: false,
    failed: 0,
    why: null,
  }
}

function rankOf(value: number): PriorityRank {
  return value === 0 || value === 1 || value === 3 ? value : 2
}

function valuesOf(row: OutboxRow): readonly SqlValue[] {
  const { seq, id, at, expiresAt, priority, route, target, topic, bytes, retain, attempts, payload } = row
  const some = [seq, id, at, expiresAt, priority, route, target, topic, bytes, retain ? 1 : 0, attempts, payload]
  return [...some, storedProperties(row.properties), row.key, row.client]
}

function inSizes<T>(all: readonly T[]): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = []
  let from = 0
  for (const size of sizes) for (; all.length - from >= size; from += size) parts.push(all.slice(from, from + size))
  return parts
}
