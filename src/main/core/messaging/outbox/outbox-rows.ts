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
] as const

/** Rows that one statement adds or takes away. Few sizes, so that the writer keeps few prepared statements. */
const sizes = [100, 10, 1] as const

/** Adds rows; one that is there already, as the answer to a first attempt was lost, stays as it is. */
export function insertOutbox(rows: readonly OutboxRow[]): readonly Statement[] {
  return inSizes(rows).map((some) => {
    const places = `(${columns.map(() => '?').join(',')})`
    const all = some.map(() => places).join(',')
    return {
      sql: `INSERT INTO outbox (${columns.join(',')}) VALUES ${all} ON CONFLICT (seq) DO NOTHING`,
      values: some.flatMap(valuesOf),
      name: 'INSERT outbox',
    }
  })
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
  return [...some, storedProperties(row.properties)]
}

function inSizes<T>(all: readonly T[]): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = []
  let from = 0
  for (const size of sizes) for (; all.length - from >= size; from += size) parts.push(all.slice(from, from + size))
  return parts
}
