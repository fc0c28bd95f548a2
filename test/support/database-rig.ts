import { type DatabaseDefinition, postgresAddress } from '#core/config/index.ts'
import { type Clock, systemClock } from '#core/platform/index.ts'
import { openPool } from '../../src/main/core/databases/open-pool.ts'
import { PostgresDriver } from '../../src/main/core/databases/postgres/postgres-driver.ts'
import { SqliteDriver } from '../../src/main/core/databases/sqlite/sqlite-driver.ts'
import { DatabaseStatistics } from '../../src/main/core/databases/statistics.ts'
import type { Driver } from '../../src/main/core/databases/types.ts'
import type { PostgresServer } from './postgres.ts'
import { testRuntime } from './runtime.ts'

/** The pool of the court office (D4), with the time-outs that a spec can wait for. */
export const poolSettings: DatabaseDefinition['pool'] = {
  size: 3,
  overflow: 2,
  recycleMs: 3_600_000,
  timeoutMs: 20_000,
  statementMs: 20_000,
  ping: true,
}

export interface DatabaseRigOptions {
  readonly settings?: Partial<DatabaseDefinition['pool']>
  readonly clock?: Clock
}

/** A pool over a real database, with what it tells. Close it with the test. */
export function databaseRig(driver: Driver, { settings, clock = systemClock() }: DatabaseRigOptions = {}) {
  const statistics = new DatabaseStatistics(clock)
  const trouble: string[] = []
  const { pool, sessions } = openPool({
    service: 'app',
    driver,
    settings: { ...poolSettings, ...settings },
    statistics,
    clock,
    random: () => 0.5,
    onTrouble: (error) => trouble.push(error instanceof Error ? error.message : String(error)),
  })
  return { pool, sessions, statistics, trouble, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() }
}

export function postgresDriver(
  server: Pick<PostgresServer, 'url' | 'password'>,
  { url = server.url, password = server.password, clock = systemClock() } = {},
): Driver {
  const reading = postgresAddress(url)
  if (!reading.ok) throw new Error(reading.why)
  return new PostgresDriver('app', reading.address, password, clock)
}

export function sqliteDriver(path: string, clock: Clock = systemClock()): Driver {
  return new SqliteDriver({ service: 'app', path, where: 'data/app.db', runtime: testRuntime(), clock })
}
