import type { DatabaseDefinition } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Place } from './failures.ts'
import { ConnectionPool } from './pool/connection-pool.ts'
import { Sessions } from './pool/sessions.ts'
import type { DatabaseStatistics } from './statistics.ts'
import type { Driver } from './types.ts'

export interface OpenPoolOptions {
  readonly service: string
  readonly driver: Driver
  readonly settings: DatabaseDefinition['pool']
  readonly statistics: DatabaseStatistics
  readonly clock: Clock
  readonly random: () => number
  /** Told when a connection broke or could not be made. */
  readonly onTrouble: (error: unknown) => void
}

/** A pool and the sessions over it. Connects to nothing until it is asked. */
export function openPool(options: OpenPoolOptions): { readonly pool: ConnectionPool; readonly sessions: Sessions } {
  const { service, driver, settings, statistics, clock, random, onTrouble } = options
  const place: Place = { service, where: driver.where }
  const pool = new ConnectionPool({ driver, place, settings, clock, random, onTrouble })
  const sessions = new Sessions({
    driver,
    place,
    pool,
    clock,
    random,
    statementMs: settings.statementMs,
    turnMs: settings.timeoutMs,
    counts: statistics,
  })
  return { pool, sessions }
}
