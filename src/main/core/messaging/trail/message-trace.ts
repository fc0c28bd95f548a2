import type { Database } from '#core/store/index.ts'
import type { DataPlaneHost } from '../data-plane-host.ts'
import type { DeliveryStep } from './delivery-trail.ts'
import type { RouteStep } from './route-trail.ts'

/** Rows of the journal, the newest, and of the outbox, the oldest, that are looked through: neither has an index by time. */
const lookedThrough = 50_000

/** What is known of the messages that came at one moment on one topic. */
export interface MessageTrace {
  /** Since when every message that matched a route is remembered; null: since the router began. */
  readonly since: number | null
  readonly routes: readonly RouteStep[]
  readonly deliveries: readonly DeliveryStep[]
  readonly quarantine: readonly {
    readonly id: number
    readonly route: string
    readonly target: string | null
    readonly reason: string
  }[]
  readonly journal: readonly { readonly seq: number; readonly route: string }[]
}

/** Gathers what the router remembers and what the store holds. The store is read beside its writer, so nothing waits for it. */
export async function traceMessage(
  parts: { readonly database: Database; readonly host: Pick<DataPlaneHost, 'ask'> },
  at: number,
  topic: string,
): Promise<MessageTrace> {
  const { database, host } = parts
  const values = [lookedThrough, at, topic]
  const [answer, waiting, quarantine, journal] = await Promise.all([
    host.ask({ type: 'trail', at, topic }),
    database.query<Pick<DeliveryStep, 'seq' | 'id' | 'route' | 'target'> & { readonly attempts: number }>({
      sql: `SELECT seq, id, route, target, attempts FROM
            (SELECT seq, id, route, target, attempts, at, topic FROM outbox ORDER BY seq LIMIT ?) WHERE at = ? AND topic = ?`,
      values,
      name: 'trace outbox',
    }),
    database.query<MessageTrace['quarantine'][number]>({
      sql: 'SELECT id, route, target, reason FROM quarantine WHERE at = ? AND topic = ? ORDER BY id LIMIT 100',
      values: [at, topic],
      name: 'trace quarantine',
    }),
    database.query<MessageTrace['journal'][number]>({
      sql: `SELECT seq, route FROM (SELECT seq, route, at, topic FROM journal ORDER BY seq DESC LIMIT ?)
            WHERE at = ? AND topic = ? ORDER BY seq LIMIT 100`,
      values,
      name: 'trace journal',
    }),
  ])
  if (answer.type !== 'trail') throw new Error('The router answered something else.')
  const { since, routes, deliveries } = answer
  const known = new Set(deliveries.map(({ id }) => id))
  const onDisk = waiting.flatMap(({ attempts, ...row }): readonly DeliveryStep[] =>
    known.has(row.id) ? [] : [{ ...row, state: 'waiting', failed: attempts, why: null, endedAt: null }],
  )
  return { since, routes, deliveries: [...deliveries, ...onDisk], quarantine, journal }
}
