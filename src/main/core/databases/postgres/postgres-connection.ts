import { Socket } from 'node:net'
import pg from 'pg'
import type { PostgresAddress } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { DatabaseError, type Place } from '../failures.ts'
import type { Connection, Limits, QueryResult, SqlValue } from '../types.ts'
import { sendCancel } from './cancel-request.ts'
import { postgresFailure } from './postgres-failure.ts'

export interface PostgresTarget {
  readonly address: PostgresAddress
  /** Null where the server asks for none. */
  readonly password: string | null
  readonly place: Place
  readonly clock: Clock
}

/** One connection to a PostgreSQL server. Whatever the server does or does not do, nothing on it lasts longer than its time-out. */
export class PostgresConnection implements Connection {
  readonly #target: PostgresTarget
  readonly #client: pg.Client
  readonly #socket: Socket
  readonly #ended: (() => void)[] = []
  #alive = true
  #key: { readonly process: number; readonly secret: number } | null = null

  /** Rejects with a DatabaseError when no connection came about in time. */
  static async open(target: PostgresTarget, { timeoutMs, signal }: Limits): Promise<PostgresConnection> {
    const connection = new PostgresConnection(target)
    const late = target.clock.after(timeoutMs, () =>
      connection.#socket.destroy(new Error(`it did not answer within ${Math.round(timeoutMs / 1000)} s`)),
    )
    const onAbort = () => connection.kill()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      signal?.throwIfAborted()
      await connection.#client.connect()
      return connection
    } catch (error) {
      connection.kill()
      signal?.throwIfAborted()
      throw postgresFailure(target.place, error)
    } finally {
      late[Symbol.dispose]()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  private constructor(target: PostgresTarget) {
    const { address, password } = target
    this.#target = target
    const socket = new Socket()
    this.#socket = socket
    // Everything is given explicitly: what is left out pg takes from the environment of the console and from ~/.pgpass.
    this.#client = new pg.Client({
      host: address.host,
      port: address.port,
      user: address.user,
      database: address.name,
      password: () => password ?? '',
      ssl: address.tls === 'off' ? false : { rejectUnauthorized: address.tls === 'verify-full' },
      application_name: `wheelhouse ${target.place.service}`,
      keepAlive: true,
      stream: () => socket,
    })
    this.#client.connection.on('backendKeyData', (key: { readonly processID: number; readonly secretKey: number }) => {
      this.#key = { process: key.processID, secret: key.secretKey }
    })
    this.#client.on('error', () => this.kill())
    this.#client.on('end', () => this.kill())
    socket.on('close', () => this.kill())
  }

  get alive(): boolean {
    return this.#alive
  }

  get inTransaction(): boolean {
    const status = this.#client.getTransactionStatus()
    return this.#alive && (status === 'T' || status === 'E')
  }

  async query(text: string, values: readonly SqlValue[], limits: Limits): Promise<QueryResult> {
    const { place } = this.#target
    limits.signal?.throwIfAborted()
    if (!this.#alive) throw new DatabaseError('lost', place, { reason: 'ended', message: 'the connection has ended' })
    // The extended protocol takes one statement only, whether there are values or not.
    const query = { text, values: [...values], queryMode: 'extended' }
    const answer = await this.#limited(this.#client.query<Record<string, unknown>>(query), limits)
    const { rows, rowCount, command } = answer
    // After an error PostgreSQL answers a COMMIT with a rollback, and says so only here.
    if (text === 'COMMIT' && command === 'ROLLBACK') {
      const message = 'a statement before it had failed, so the commit was a rollback'
      throw new DatabaseError('refused', place, { reason: '25P02', message })
    }
    return { rows, count: rowCount ?? rows.length }
  }

  async ping(timeoutMs: number): Promise<void> {
    await this.query('SELECT 1', [], { timeoutMs })
  }

  onEnded(listener: () => void): void {
    if (this.#alive) this.#ended.push(listener)
    else listener()
  }

  async close(): Promise<void> {
    if (!this.#alive) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    using _timer = this.#target.clock.after(1_000, resolve)
    await Promise.race([this.#client.end().catch(() => {}), late])
    this.kill()
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#socket.destroy()
    for (const listener of this.#ended.splice(0)) listener()
  }

  /**
   * The answer, or a failure in time. A statement that is given up is cancelled on the server, and its connection ended:
   * a cancellation that comes late would hit whatever runs on it next.
   */
  async #limited<T>(answer: Promise<T>, { timeoutMs, signal }: Limits): Promise<T> {
    const { clock, place, address } = this.#target
    const { promise: givenUp, reject } = Promise.withResolvers<never>()
    const giveUp = (reason: unknown) => {
      reject(reason)
      if (this.#key) sendCancel(address, this.#key)
      this.kill()
    }
    const onAbort = () => giveUp(signal?.reason)
    using _timer = clock.after(timeoutMs, () => giveUp(this.#tooLong(timeoutMs)))
    signal?.addEventListener('abort', onAbort, { once: true })
    answer.catch(() => {}) // refused when its connection is ended, after it was given up
    try {
      return await Promise.race([answer, givenUp])
    } catch (error) {
      throw signal?.aborted ? signal.reason : postgresFailure(place, error)
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #tooLong(timeoutMs: number): DatabaseError {
    const message = `a statement took longer than ${Math.round(timeoutMs / 100) / 10} s and was cancelled`
    return new DatabaseError('timeout', this.#target.place, { reason: '57014', message })
  }
}
