import type { PostgresAddress } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Place } from '../failures.ts'
import { sql } from '../sql.ts'
import type { Connection, DatabaseFacts, Driver, Limits, Session, SessionMode, SessionOptions } from '../types.ts'
import { PostgresConnection } from './postgres-connection.ts'

/** PostgreSQL 12 and later, over TCP or a Unix socket. */
export class PostgresDriver implements Driver {
  readonly engine = 'postgres'
  readonly oneWriter = false
  readonly where: string
  readonly #address: PostgresAddress
  readonly #password: string | null
  readonly #place: Place
  readonly #clock: Clock

  constructor(service: string, address: PostgresAddress, password: string | null, clock: Clock) {
    this.#address = address
    this.#password = password
    this.#clock = clock
    this.where = whereOf(address)
    this.#place = { service, where: this.where }
  }

  connect(limits: Limits): Promise<Connection> {
    const target = { address: this.#address, password: this.#password, place: this.#place, clock: this.#clock }
    return PostgresConnection.open(target, limits)
  }

  begin(mode: SessionMode, isolation: NonNullable<SessionOptions['isolation']>): readonly string[] {
    return [`BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}${mode === 'read' ? ' READ ONLY' : ''}`]
  }

  placeholder(position: number): string {
    return `$${position}`
  }

  /** Nothing on this machine holds it. */
  async gone(): Promise<void> {}

  async facts(session: Session): Promise<DatabaseFacts> {
    const { rows } = await session.query(sql`SELECT
      current_setting('server_version') AS version,
      pg_database_size(current_database())::float8 AS bytes,
      pg_is_in_recovery() AS standby,
      current_setting('default_transaction_read_only') = 'on' AS closed`)
    const { version, bytes, standby, closed } = rows[0] ?? {}
    const why = standby === true ? 'it is a standby of another server' : 'default_transaction_read_only is on'
    return {
      version: `PostgreSQL ${String(version)}`,
      bytes: typeof bytes === 'number' ? bytes : null,
      flaw:
        standby === true || closed === true
          ? { health: 'degraded', sentence: `It answers, but takes no changes: ${why}.` }
          : null,
    }
  }
}

/** `host:port/name`, as it is shown. */
export function whereOf({ host, port, name }: PostgresAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${name}`
}
