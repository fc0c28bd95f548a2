import { ConsoleError } from '#shared/problem.ts'
import { DatabaseError, type Place } from './failures.ts'
import { BoundQuery, poolWord } from './sql.ts'
import type { Connection, Driver, Limits, QueryResult, Session, SqlValue } from './types.ts'

export interface OpenSessionParts {
  readonly driver: Driver
  readonly connection: Connection
  readonly place: Place
  readonly limits: Limits
  /** Told of every statement that ended: its text, how long it took, and whether it failed. */
  readonly onStatement: (text: string, ms: number, failed: boolean) => void
  readonly now: () => number
}

/** Statements of one session that may wait for those before them. */
const waitingBound = 100

/** The session that a function is given. Statements run one after another; none runs before it began or after it ended. */
export class OpenSession implements Session {
  readonly #parts: OpenSessionParts
  #last: Promise<unknown> = Promise.resolve()
  #running = 0
  #over = false
  #failure: DatabaseError | null = null

  constructor(parts: OpenSessionParts) {
    this.#parts = parts
  }

  /** The failure after which the transaction cannot go on, if there was one. */
  get failure(): DatabaseError | null {
    return this.#failure
  }

  query(query: string | BoundQuery, values: readonly SqlValue[] = []): Promise<QueryResult> {
    const { driver } = this.#parts
    return query instanceof BoundQuery
      ? this.#enqueue(query.text(driver.placeholder), query.values)
      : this.#enqueue(query, values)
  }

  /** Ends the session: nothing more can be asked of it. Throws when something that was asked has not been answered yet. */
  end(): void {
    this.#over = true
    if (this.#running === 0) return
    const { service, where } = this.#parts.place
    throw new ConsoleError(
      'database-session-left-open',
      `A session on the database ${service} (${where}) ended while ${this.#running} of its statements still ran, so all of it was rolled back.`,
      'This is a fault of the part that used it: it must wait for every statement.',
      { params: { service } },
    )
  }

  /** Resolves when nothing runs on the connection any more. */
  async settled(): Promise<void> {
    this.#over = true
    await this.#last
  }

  async #enqueue(text: string, values: readonly SqlValue[]): Promise<QueryResult> {
    this.#assertUsable(text)
    this.#running++
    const turn = this.#last
    const { promise: done, resolve } = Promise.withResolvers<void>()
    this.#last = done
    try {
      await turn
      return await this.#run(text, values)
    } finally {
      this.#running--
      resolve()
    }
  }

  async #run(text: string, values: readonly SqlValue[]): Promise<QueryResult> {
    // What waited behind a statement while the session ended must not run in the transaction of the next one.
    if (this.#over) throw this.#isOver()
    const { connection, limits, onStatement, now } = this.#parts
    limits.signal?.throwIfAborted()
    const began = now()
    try {
      const result = await connection.query(text, values, limits)
      onStatement(text, now() - began, false)
      return result
    } catch (error) {
      onStatement(text, now() - began, true)
      if (error instanceof DatabaseError) this.#failure = error
      throw error
    }
  }

  #assertUsable(text: string): void {
    const { service, where } = this.#parts.place
    if (this.#over) throw this.#isOver()
    const word = poolWord(text)
    if (word !== null) {
      throw new ConsoleError(
        'database-statement-of-the-pool',
        `A session on the database ${service} (${where}) must not say ${word}: beginning, committing and settings of the connection are the pool’s.`,
        'Return from the session to commit, throw to roll back; use SAVEPOINT and SET LOCAL inside.',
        { params: { service, word } },
      )
    }
    if (this.#running >= waitingBound) {
      throw new ConsoleError(
        'database-session-busy',
        `${waitingBound} statements of one session on the database ${service} wait for each other already.`,
        'Wait for statements before asking for further ones.',
        { params: { service } },
      )
    }
  }

  #isOver(): ConsoleError {
    const { service, where } = this.#parts.place
    return new ConsoleError(
      'database-session-over',
      `A session on the database ${service} (${where}) was used after it had ended.`,
      'This is a fault of the part that used it: a session lives only inside the function that it is given to.',
      { params: { service } },
    )
  }
}
