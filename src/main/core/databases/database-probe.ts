import { basename } from 'node:path'
import { postgresAddress } from '#core/config/index.ts'
import { type Clock, type Runtime, tookTime } from '#core/platform/index.ts'
import { DatabaseError } from './failures.ts'
import { PostgresDriver } from './postgres/postgres-driver.ts'
import { SqliteDriver } from './sqlite/sqlite-driver.ts'
import type { Connection, Driver, Limits } from './types.ts'

/** A database to look at, and the tables that must be in it. */
export type ProbedDatabase =
  | { readonly type: 'sqlite'; readonly file: string; readonly tables: readonly string[] }
  | { readonly type: 'postgres'; readonly url: string; readonly tables: readonly string[] }

/** What was found, in words for a technician; `ms` is how long it took. */
export interface ProbedAnswer {
  readonly ok: boolean
  readonly sentence: string
  readonly ms: number
}

/**
 * Looks at a database once: connects, reads which tables it has, and leaves. Nothing is changed in it. Never rejects: that it
 * cannot be reached is an answer too.
 */
export function databaseProbe({ runtime, clock }: { readonly runtime: Runtime; readonly clock: Clock }) {
  return async (
    database: ProbedDatabase,
    { service, password }: { readonly service: string; readonly password: string | null },
    limits: Limits,
  ): Promise<ProbedAnswer> => {
    const began = clock.monotonic()
    const answer = (ok: boolean, sentence: string): ProbedAnswer => ({
      ok,
      sentence,
      ms: Math.round(clock.monotonic() - began),
    })
    const driver = driverOf(database, service, password, runtime, clock)
    if (typeof driver === 'string') return answer(false, driver)
    let connection: Connection | undefined
    try {
      connection = await driver.connect(limits)
      const { rows } = await connection.query(tablesOf(driver.engine), [], limits)
      const there = new Set(rows.map(({ name }) => String(name)))
      const missing = database.tables.filter((table) => !there.has(table))
      if (missing.length > 0) {
        const what = missing.length === 1 ? `table ${missing[0]}` : `tables ${missing.join(', ')}`
        return answer(false, `${driver.where} answers, but has no ${what}`)
      }
      const many = there.size === 1 ? '1 table' : `${there.size} tables`
      return answer(true, `${driver.where} answers in ${tookTime(clock.monotonic() - began)}, ${many}`)
    } catch (error) {
      return answer(false, why(error))
    } finally {
      await connection?.close()
    }
  }
}

function driverOf(
  database: ProbedDatabase,
  service: string,
  password: string | null,
  runtime: Runtime,
  clock: Clock,
): Driver | string {
  if (database.type === 'sqlite') {
    const { file: path } = database
    return new SqliteDriver({ service, path, where: basename(path), runtime, clock })
  }
  const reading = postgresAddress(database.url)
  return reading.ok
    ? new PostgresDriver(service, reading.address, password, clock)
    : `its address is one ${reading.why}`
}

/** Tables and views, without those of the engine itself. */
function tablesOf(engine: Driver['engine']): string {
  return engine === 'sqlite'
    ? "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    : "SELECT c.relname AS name FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'p') AND pg_table_is_visible(c.oid) AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
}

/** The end of the sentence, without naming the service again. */
function why(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  if (!(error instanceof DatabaseError)) return text.replace(/\.$/, '')
  const { where } = error.problem.params
  return text.replace(/^The database \S+ \((.*?)\)/, String(where ?? '$1')).replace(/\.$/, '')
}
