import { type Connection, DatabaseError, PostgresDriver, type Row, type SqlValue } from '#core/databases/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { DatabaseAccess } from './access.ts'

/** Whoever reaches servers: the passwords by the names of their secrets, and a clock for time-outs. */
export interface ServerPorts {
  readonly clock: Clock
  /** Throws `secret-missing` and the like. */
  readonly secret: (name: string) => string
}

/** How long connecting and a short statement may take. Milliseconds. */
const shortMs = 10_000
/** Making, renaming and dropping databases, and counting, which wait for others. */
const longMs = 120_000

/** A connection of its own to one database of a server, apart from the site's pool. Rejects with DatabaseError. */
export class ServerSession implements AsyncDisposable {
  readonly #connection: Connection
  readonly #signal: AbortSignal | undefined

  /** Connects to `database`, the site's own unless told. */
  static async open(
    access: DatabaseAccess,
    ports: ServerPorts,
    { database = access.name, signal }: { readonly database?: string; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ServerSession> {
    const { host, port, user, tls, service } = access
    const password = passwordOf(access, ports)
    const driver = new PostgresDriver(service, { host, port, user, tls, name: database }, password, ports.clock)
    return new ServerSession(await driver.connect({ timeoutMs: shortMs, signal }), signal)
  }

  /** Connects to a database that is none of the site's own, from where databases are made and renamed. */
  static async beside(access: DatabaseAccess, ports: ServerPorts, signal?: AbortSignal): Promise<ServerSession> {
    try {
      return await ServerSession.open(access, ports, { database: 'postgres', signal })
    } catch (error) {
      // 3D000: there is none of this name; 42501: it lets this role not in.
      if (!(error instanceof DatabaseError) || !['3D000', '42501'].includes(error.reason)) throw error
      return await ServerSession.open(access, ports, { database: 'template1', signal })
    }
  }

  private constructor(connection: Connection, signal: AbortSignal | undefined) {
    this.#connection = connection
    this.#signal = signal
  }

  async rows(text: string, values: readonly SqlValue[] = [], timeoutMs = shortMs): Promise<readonly Row[]> {
    const limits = { timeoutMs, ...(this.#signal && { signal: this.#signal }) }
    return (await this.#connection.query(text, values, limits)).rows
  }

  /** One statement that may wait for others. */
  async run(text: string, timeoutMs = longMs): Promise<void> {
    await this.rows(text, [], timeoutMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }
}

/** The password, null where none is needed. */
export function passwordOf({ secret }: DatabaseAccess, ports: ServerPorts): string | null {
  return secret === null ? null : ports.secret(secret)
}
