import type { Schema, SqlValue, Statement } from '#core/store/index.ts'
import { type MessageProperties, restoredProperties, storedProperties } from '../message-properties.ts'
import type { HeldStage } from './holding.ts'

/** Messages that wait in a stage of a route, in the messages database. */
export const heldSchema: Schema = {
  owner: 'held-messages',
  migrations: [
    {
      version: 1,
      what: 'messages that wait under a limit or for their batch',
      sql: `
        CREATE TABLE held (
          seq INTEGER PRIMARY KEY, -- given by the data plane
          route TEXT NOT NULL,
          stage TEXT NOT NULL, -- limit or batch
          at INTEGER NOT NULL,
          topic TEXT NOT NULL,
          qos INTEGER NOT NULL,
          retained INTEGER NOT NULL,
          bytes INTEGER NOT NULL,
          payload ANY NOT NULL -- as it came: text when it is UTF-8, else the bytes
        ) STRICT;
        CREATE INDEX held_by_route ON held (route, seq);
      `,
    },
    {
      version: 2,
      what: 'what messages of MQTT 5 brought',
      sql: 'ALTER TABLE held ADD COLUMN properties TEXT; -- JSON; null: it brought nothing',
    },
    {
      version: 3,
      what: 'which client published it',
      sql: 'ALTER TABLE held ADD COLUMN client TEXT; -- of the embedded broker; null: not known',
    },
  ],
}

/** A message as it came, while it waits. */
export interface HeldRow {
  /** Its place; given when it is written. */
  seq: number
  readonly route: string
  readonly stage: HeldStage
  readonly at: number
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retained: boolean
  readonly bytes: number
  readonly payload: string | Uint8Array
  readonly properties: MessageProperties | null
  /** Who published it; null where that is not known. */
  readonly client: string | null
}

const columns = [
  'seq',
  'route',
  'stage',
  'at',
  'topic',
  'qos',
  'retained',
  'bytes',
  'payload',
  'properties',
  'client',
] as const

/** Rows that one statement adds or takes away. Few sizes, so that the writer keeps few prepared statements. */
const sizes = [100, 10, 1] as const

/** A page that is read at a time. */
const pageRows = 256

/** Adds rows; one that is there already, as the answer to a first attempt was lost, stays as it is. */
export function insertHeld(rows: readonly HeldRow[]): readonly Statement[] {
  return inSizes(rows).map((some) => ({
    sql: `INSERT INTO held (${columns.join(',')}) VALUES ${some
      .map(() => `(${columns.map(() => '?').join(',')})`)
      .join(',')} ON CONFLICT (seq) DO NOTHING`,
    values: some.flatMap(valuesOf),
    name: 'INSERT held',
  }))
}

export function deleteHeld(seqs: readonly number[]): readonly Statement[] {
  return inSizes(seqs).map((some) => ({
    sql: `DELETE FROM held WHERE seq IN (${some.map(() => '?').join(',')})`,
    values: some,
    name: 'DELETE held',
  }))
}

/** How many messages of each route an earlier run left, and the highest place that is taken. */
export const heldSums: readonly Statement[] = [
  { sql: 'SELECT route, count(*) AS rows FROM held GROUP BY route' },
  { sql: 'SELECT coalesce(max(seq), 0) AS seq FROM held' },
]

/** Counts, and deletes, what of one route's messages came before a moment. */
export function deleteOldHeld(route: string, after: number, through: number, before: number): readonly Statement[] {
  const where = 'FROM held WHERE route = ? AND seq > ? AND seq <= ? AND at <= ?'
  const values = [route, after, through, before]
  return [
    { sql: `SELECT count(*) AS rows ${where}`, values, name: 'SELECT old held' },
    { sql: `DELETE ${where}`, values, name: 'DELETE old held' },
  ]
}

/** The next page of one route's messages, in their order. */
export function readHeld(route: string, after: number, through: number): Statement {
  return {
    sql: `SELECT ${columns.join(', ')} FROM held WHERE route = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ${pageRows}`,
    values: [route, after, through],
    name: 'SELECT held',
  }
}

export function rowOf(row: Readonly<Record<string, SqlValue>>): HeldRow {
  const { payload } = row
  return {
    seq: Number(row.seq),
    route: String(row.route),
    stage: row.stage === 'limit' || row.stage === 'function' ? row.stage : 'batch',
    at: Number(row.at),
    topic: String(row.topic),
    qos: row.qos === 0 ? 0 : row.qos === 2 ? 2 : 1,
    retained: row.retained === 1,
    bytes: Number(row.bytes),
    payload: payload instanceof Uint8Array ? payload : String(payload),
    properties: typeof row.properties === 'string' ? restoredProperties(row.properties) : null,
    client: typeof row.client === 'string' ? row.client : null,
  }
}

function valuesOf({
  seq,
  route,
  stage,
  at,
  topic,
  qos,
  retained,
  bytes,
  payload,
  properties,
  client,
}: HeldRow): readonly SqlValue[] {
  return [seq, route, stage, at, topic, qos, retained ? 1 : 0, bytes, payload, storedProperties(properties), client]
}

function inSizes<T>(all: readonly T[]): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = []
  let from = 0
  for (const size of sizes) for (; all.length - from >= size; from += size) parts.push(all.slice(from, from + size))
  return parts
}
