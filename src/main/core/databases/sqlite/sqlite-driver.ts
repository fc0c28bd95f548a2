import { stat } from 'node:fs/promises'
import type { Clock, Runtime } from '#core/platform/index.ts'
import type { Place } from '../failures.ts'
import { sql } from '../sql.ts'
import type { Connection, DatabaseFacts, Driver, Limits, Session, SessionMode } from '../types.ts'
import { SqliteConnection } from './sqlite-connection.ts'

export interface SqliteDriverOptions {
  readonly service: string
  /** Absolute path, and as it is shown. */
  readonly path: string
  readonly where: string
  readonly runtime: Runtime
  readonly clock: Clock
}

/** How long a killed helper may take to be gone. Milliseconds. */
const goneWithinMs = 5_000

/**
 * SQLite, each connection in a helper process. One session writes at a time and begins IMMEDIATE, so that it never fails
 * half-way for a lock; reading sessions go on beside it where the site's database is in WAL mode.
 */
export class SqliteDriver implements Driver {
  readonly engine = 'sqlite'
  readonly oneWriter = true
  readonly where: string
  readonly #options: SqliteDriverOptions
  readonly #place: Place
  /** The helper processes that have not ended. */
  readonly #helpers = new Set<Promise<void>>()

  constructor(options: SqliteDriverOptions) {
    this.#options = options
    this.where = options.where
    this.#place = { service: options.service, where: options.where }
  }

  connect(limits: Limits): Promise<Connection> {
    const { path, runtime, clock } = this.#options
    const onHelper = (gone: Promise<void>) => {
      this.#helpers.add(gone)
      void gone.then(() => this.#helpers.delete(gone))
    }
    return SqliteConnection.open({ path, place: this.#place, runtime, clock, onHelper }, limits)
  }

  /** Every isolation that may be asked for is less than what SQLite always gives. */
  begin(mode: SessionMode): readonly string[] {
    return mode === 'read' ? ['PRAGMA query_only = ON', 'BEGIN'] : ['PRAGMA query_only = OFF', 'BEGIN IMMEDIATE']
  }

  placeholder(): string {
    return '?'
  }

  async facts(session: Session): Promise<DatabaseFacts> {
    const { rows } = await session.query(sql`SELECT sqlite_version() AS version, count(*) AS tables FROM sqlite_schema`)
    const { version, tables } = rows[0] ?? {}
    return {
      version: `SQLite ${String(version)}`,
      bytes: await this.#bytes(),
      flaw: tables === 0 ? { health: 'unhealthy', sentence: 'It is empty: there is no table in it.' } : null,
    }
  }

  async gone(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    using _timer = this.#options.clock.after(goneWithinMs, resolve)
    await Promise.race([Promise.all(this.#helpers), late])
  }

  async #bytes(): Promise<number | null> {
    const { path } = this.#options
    const sizes = await Promise.all(
      [path, `${path}-wal`].map((file) =>
        stat(file).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }
}
