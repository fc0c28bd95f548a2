import { type Connection, connectionLost, toConsoleError } from '#shared/client/index.ts'
import type { SubscriptionItem, SubscriptionParams, Topic } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import type { PageClock } from './clock.ts'
import { reconnectDelay } from './reconnect-delay.ts'

/** How the page stands with its console. */
export interface LinkStatus {
  /** `refused`: the console does not want this page (wrong token, other version); trying again by itself is no use. */
  readonly phase: 'connecting' | 'connected' | 'reconnecting' | 'refused'
  /** When something last came from the console, once the connection is gone. Wall clock. */
  readonly lastHeardAt: number | null
  readonly attempt: number
  readonly problem: Problem | null
}

/** What a {@link ConsoleLink.follow follower} is told. */
export interface Follower<T extends Topic> {
  /** A promise holds the next batch back until it resolves. */
  onBatch(batch: { readonly items: readonly SubscriptionItem<T>[]; readonly skipped: number }): void | Promise<void>
  /** A new stream begins: what was shown before belongs to the one that was lost. */
  onBegin?(): void
  /** The console ended the stream for this reason; it is opened again by itself only where that may help. */
  onRefused?(problem: Problem): void
}

/** Without a word for this long, the console is asked whether it is there; without an answer for the second time, it is not. */
const quietBefore = 10_000
const answerWithin = 8_000
/** A stream that ended for a passing reason, such as a site that is just being opened, is opened again after this long. */
const reopenAfter = 500

/** Keeps a connection to the console: makes it, makes it again with back-off when it is lost, and carries the streams over. */
export class ConsoleLink implements Disposable {
  readonly #connect: () => Promise<Connection>
  readonly #clock: PageClock
  readonly #random: () => number
  readonly #listeners = new Set<() => void>()
  readonly #followers = new Set<(connection: Connection) => void>()
  #status: LinkStatus = { phase: 'connecting', lastHeardAt: null, attempt: 0, problem: null }
  #connection: Connection | null = null
  #heardAt: number | null = null
  #heardMonotonic = 0
  #timer: Disposable | null = null
  #generation = 0

  constructor(connect: () => Promise<Connection>, clock: PageClock, random: () => number = Math.random) {
    this.#connect = connect
    this.#clock = clock
    this.#random = random
  }

  get status(): LinkStatus {
    return this.#status
  }

  /** The calls of the contract. Throws `connection-lost` while there is no connection, which a call would do as well. */
  get calls(): Connection['calls'] {
    if (!this.#connection) throw connectionLost('not connected')
    return this.#connection.calls
  }

  get server(): Connection['server'] | null {
    return this.#connection?.server ?? null
  }

  onStatus(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Connects now: at start, or when the operator does not want to wait for the next attempt. */
  start(): void {
    if (this.#connection) return
    this.#timer?.[Symbol.dispose]()
    void this.#attempt(++this.#generation)
  }

  /** Follows a stream for as long as the result is not disposed, over every connection to come. */
  follow<T extends Topic>(
    topic: T,
    params: SubscriptionParams<T>,
    follower: Follower<T>,
  ): Disposable & { restart(): void } {
    let stream: Disposable | null = null
    let reopening: Disposable | null = null
    const open = (connection: Connection) => {
      stream?.[Symbol.dispose]()
      reopening?.[Symbol.dispose]()
      follower.onBegin?.()
      stream = connection.subscribe(
        topic,
        params,
        (batch) => {
          this.#heard()
          return follower.onBatch(batch)
        },
        (problem) => {
          stream = null
          if (!problem) return
          follower.onRefused?.(problem)
          if (!problem.retryable) return
          reopening = this.#clock.after(reopenAfter, () => {
            if (this.#connection === connection) open(connection)
          })
        },
      )
    }
    this.#followers.add(open)
    if (this.#connection) open(this.#connection)
    return {
      restart: () => {
        if (this.#connection) open(this.#connection)
      },
      [Symbol.dispose]: () => {
        this.#followers.delete(open)
        reopening?.[Symbol.dispose]()
        stream?.[Symbol.dispose]()
      },
    }
  }

  [Symbol.dispose](): void {
    this.#generation++
    this.#timer?.[Symbol.dispose]()
    const connection = this.#connection
    this.#connection = null
    connection?.close()
    this.#followers.clear()
    this.#listeners.clear()
  }

  async #attempt(generation: number): Promise<void> {
    try {
      const connection = await this.#connect()
      if (generation !== this.#generation) {
        connection.close()
        return
      }
      this.#connection = connection
      this.#heard()
      this.#tell({ phase: 'connected', lastHeardAt: null, attempt: 0, problem: null })
      for (const open of this.#followers) open(connection)
      this.#watch(generation, connection)
      await connection.closed
      if (generation !== this.#generation) return
      this.#connection = null
      this.#again(generation, null)
    } catch (error) {
      if (generation !== this.#generation) return
      const { problem } = toConsoleError(error)
      if (problem.retryable) this.#again(generation, problem)
      else this.#tell({ ...this.#status, phase: 'refused', lastHeardAt: this.#heardAt, problem })
    }
  }

  #again(generation: number, problem: Problem | null): void {
    this.#timer?.[Symbol.dispose]()
    const attempt = this.#status.attempt + 1
    const phase = this.#heardAt === null ? 'connecting' : 'reconnecting'
    this.#tell({ phase, lastHeardAt: this.#heardAt, attempt, problem })
    this.#timer = this.#clock.after(reconnectDelay(attempt, this.#random()), () => void this.#attempt(generation))
  }

  /** A console that hangs keeps its socket open: what counts is whether it answers. */
  #watch(generation: number, connection: Connection): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#clock.after(quietBefore, () => {
      if (this.#clock.monotonic() - this.#heardMonotonic < quietBefore) {
        this.#watch(generation, connection)
        return
      }
      this.#timer = this.#clock.after(answerWithin, () => connection.close())
      void connection.calls.console.info().then(
        () => {
          if (generation !== this.#generation || this.#connection !== connection) return
          this.#heard()
          this.#watch(generation, connection)
        },
        () => connection.close(),
      )
    })
  }

  #heard(): void {
    this.#heardAt = this.#clock.wall()
    this.#heardMonotonic = this.#clock.monotonic()
  }

  #tell(status: LinkStatus): void {
    this.#status = status
    for (const listener of this.#listeners) listener()
  }
}
