import { type Backoff, backoffMs, type Clock, delay } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { DatabaseError, mayRepeat, type Place, type Stage } from '../failures.ts'
import { OpenSession } from '../open-session.ts'
import type { Connection, Driver, Limits, Session, SessionMode, SessionOptions, SessionSource } from '../types.ts'
import type { ConnectionPool, Lease } from './connection-pool.ts'
import { type Waiter, WaitingLine } from './waiting-line.ts'

/** What is counted of sessions and their statements. */
export interface SessionCounts {
  statement(text: string, ms: number, failed: boolean): void
  committed(): void
  rolledBack(): void
  retried(): void
  /** A session failed in the end. */
  failed(error: unknown): void
}

export interface SessionsParts {
  readonly driver: Driver
  readonly place: Place
  readonly pool: ConnectionPool
  readonly clock: Clock
  readonly random: () => number
  /** How long a statement may take and a writer waits for its turn. Milliseconds. */
  readonly statementMs: number
  readonly turnMs: number
  readonly counts: SessionCounts
}

const tries = 5
const repeatBackoff: Backoff = { firstMs: 50, factor: 2, capMs: 2_000 }
/** Rolling back takes no longer; then the connection is ended, which rolls back as well. Milliseconds. */
const rollbackMs = 5_000

/** Transactions over a pool: begun, committed or rolled back, repeated whole where that is safe, their connection always given back. */
export class Sessions implements SessionSource {
  readonly #parts: SessionsParts
  readonly #turns: WaitingLine<void>
  #writes = false

  constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#turns = new WaitingLine(parts.clock)
  }

  session<T>(run: (session: Session) => Promise<T>, options: SessionOptions = {}): Promise<T> {
    return this.#repeatedly('write', run, options)
  }

  read<T>(run: (session: Session) => Promise<T>, options: SessionOptions = {}): Promise<T> {
    return this.#repeatedly('read', run, options)
  }

  async #repeatedly<T>(mode: SessionMode, run: (session: Session) => Promise<T>, options: SessionOptions): Promise<T> {
    const { clock, random, counts } = this.#parts
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#once(mode, run, options)
      if (outcome.ok) return outcome.value
      const { error, stage } = outcome
      if (options.signal?.aborted || attempt >= tries || !mayRepeat(error, stage, options.repeatable)) {
        counts.failed(error)
        throw error
      }
      counts.retried()
      await delay(clock, backoffMs(repeatBackoff, attempt, random()), options.signal)
    }
  }

  async #once<T>(
    mode: SessionMode,
    run: (session: Session) => Promise<T>,
    options: SessionOptions,
  ): Promise<Outcome<T>> {
    const { driver, pool } = this.#parts
    const what = options.what ?? (mode === 'read' ? 'a reading session' : 'a session')
    // Writers of SQLite wait here and not inside a connection, so that readers always find one.
    const turn = driver.oneWriter && mode === 'write'
    if (turn) await this.#takeTurn(what, options)
    try {
      const lease = await pool.acquire(what, options)
      try {
        return await this.#transaction(lease, mode, run, options)
      } finally {
        lease.release()
      }
    } catch (error) {
      return { ok: false, stage: 'inside', error } // nothing to be had: waited for as long as it may be
    } finally {
      if (turn) this.#passTurn()
    }
  }

  async #transaction<T>(
    { connection }: Lease,
    mode: SessionMode,
    run: (session: Session) => Promise<T>,
    options: SessionOptions,
  ): Promise<Outcome<T>> {
    const { driver, place, counts, clock } = this.#parts
    const limits: Limits = {
      timeoutMs: Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, this.#parts.statementMs),
      signal: options.signal,
    }
    try {
      for (const statement of driver.begin(mode, options.isolation ?? 'read committed')) {
        await connection.query(statement, [], limits)
      }
    } catch (error) {
      await this.#rollback(connection)
      return { ok: false, stage: 'begin', error }
    }
    const session = new OpenSession({
      driver,
      connection,
      place,
      limits,
      onStatement: (text, ms, failed) => counts.statement(text, ms, failed),
      now: () => clock.monotonic(),
    })
    try {
      const value = await run(session)
      session.end()
      return await this.#commit(connection, mode, value)
    } catch (error) {
      await session.settled()
      await this.#rollback(connection)
      counts.rolledBack()
      return { ok: false, stage: 'inside', error: firstOf(error, session) }
    }
  }

  async #commit<T>(connection: Connection, mode: SessionMode, value: T): Promise<Outcome<T>> {
    const { place, counts } = this.#parts
    if (mode === 'read') {
      await this.#rollback(connection)
      counts.committed()
      return { ok: true, value }
    }
    // Not called off and not cut short by the caller: the outcome of a commit must be known if it can be.
    try {
      await connection.query('COMMIT', [], { timeoutMs: this.#parts.statementMs })
    } catch (error) {
      const known =
        error instanceof DatabaseError && error.kind !== 'lost' && error.kind !== 'ending' && error.kind !== 'timeout'
      await this.#rollback(connection)
      counts.rolledBack()
      if (known) return { ok: false, stage: 'commit', error }
      const reason = error instanceof DatabaseError ? error.reason : 'unknown'
      const message = error instanceof Error ? error.message : String(error)
      return {
        ok: false,
        stage: 'commit',
        error: new DatabaseError('commit-unknown', place, { reason, message }, error),
      }
    }
    counts.committed()
    return { ok: true, value }
  }

  /** Leaves no transaction behind: what cannot be rolled back is rolled back by ending its connection. */
  async #rollback(connection: Connection): Promise<void> {
    if (!connection.alive || !connection.inTransaction) return
    try {
      await connection.query('ROLLBACK', [], { timeoutMs: rollbackMs })
    } catch {
      connection.kill()
    }
  }

  async #takeTurn(what: string, { signal }: SessionOptions): Promise<void> {
    if (!this.#writes && this.#turns.length === 0) {
      this.#writes = true
      return
    }
    const { place, turnMs } = this.#parts
    const late = () =>
      new ConsoleError(
        'database-writer-busy',
        `${what} waited ${Math.round(turnMs / 1000)} s for its turn to write to the database ${place.service} (${place.where}), where one writes at a time, and ${this.#turns.length} more wait.`,
        'Look at what writes so long, then try again.',
        { params: { service: place.service, waiting: this.#turns.length }, retryable: true },
      )
    await this.#turns.wait({ timeoutMs: turnMs, signal, late })
  }

  #passTurn(): void {
    const next: Waiter<void> | undefined = this.#turns.next()
    if (next) next.give()
    else this.#writes = false
  }
}

type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly stage: Stage; readonly error: unknown }

/** A function that wraps the failure of its statement in an error of its own fails for that reason all the same. */
function firstOf(error: unknown, { failure }: OpenSession): unknown {
  return failure !== null && error instanceof Error && error.cause === failure ? failure : error
}
