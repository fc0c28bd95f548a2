import { type Backoff, backoffMs, type Clock } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { DatabaseError, type Place } from '../failures.ts'
import type { Connection, Driver } from '../types.ts'
import { type Waiter, WaitingLine } from './waiting-line.ts'

export interface PoolSettings {
  /** Connections that stay open once they were needed, and further ones that are closed when they are given back. */
  readonly size: number
  readonly overflow: number
  /** Age at which a connection is replaced before its next use, milliseconds. */
  readonly recycleMs: number
  /** How long to wait for a connection, milliseconds. */
  readonly timeoutMs: number
  /** Whether a connection is asked whether it lives before it is used. */
  readonly ping: boolean
}

export interface PoolParts {
  readonly driver: Driver
  readonly place: Place
  readonly settings: PoolSettings
  readonly clock: Clock
  /** A number in [0, 1): jitter of the back-off. */
  readonly random: () => number
  /** Told when a connection ends or cannot be made, with the reason. */
  readonly onTrouble: (error: unknown) => void
}

/** A connection in use. Given back exactly once, whatever happened. */
export interface Lease {
  readonly connection: Connection
  release(): void
}

export interface PoolFigures {
  readonly open: number
  readonly inUse: number
  readonly waiting: number
  readonly timeouts: number
  readonly recycled: number
  readonly discarded: number
}

/** How long a connection may take to be made, and to answer before it is used. Milliseconds. */
const connectMs = 10_000
const pingMs = 5_000
/** How long closing waits for those who still use a connection. Milliseconds. */
const closeMs = 5_000
/** More callers than this do not wait: they are told at once. */
export const waitingBound = 1_000
const connectBackoff: Backoff = { firstMs: 100, factor: 2, capMs: 5_000 }

interface Entry {
  readonly connection: Connection
  /** Monotonic. */
  readonly openedAt: number
  use: { readonly what: string; readonly since: number } | null
}

/**
 * Connections shared by callers who take turns, first come, first served. Nothing is opened before it is needed; what is
 * dead is found before it is given out and replaced without the caller noticing; while none can be made the tries are
 * spaced by a growing pause and the callers wait, each for at most its time-out.
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #parts: PoolParts
  readonly #line: WaitingLine<Entry>
  readonly #entries = new Set<Entry>()
  /** The most recently used last: it is used again first, so that those beyond what is needed grow old. */
  readonly #idle: Entry[] = []
  readonly #stop = new AbortController()
  #opening = 0
  #failures = 0
  #pause: Disposable | null = null
  #lastFailure: unknown = null
  #timeouts = 0
  #recycled = 0
  #discarded = 0
  #onEmpty: (() => void) | null = null

  constructor(parts: PoolParts) {
    this.#parts = parts
    this.#line = new WaitingLine(parts.clock)
  }

  get figures(): PoolFigures {
    const inUse = [...this.#entries].filter(({ use }) => use !== null).length
    return {
      open: this.#entries.size,
      inUse,
      waiting: this.#line.length,
      timeouts: this.#timeouts,
      recycled: this.#recycled,
      discarded: this.#discarded,
    }
  }

  get #most(): number {
    return this.#parts.settings.size + this.#parts.settings.overflow
  }

  /**
   * A connection that answers. `what` says what it is for. Rejects with `database-pool-timeout` (who holds the connections,
   * how many wait), `database-pool-full`, `database-pool-closed`, the failure to connect, or the signal's reason.
   */
  async acquire(
    what: string,
    limits: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<Lease> {
    if (this.#stop.signal.aborted) throw this.#closed()
    if (this.#line.length >= waitingBound) throw this.#full()
    const timeoutMs = Math.min(limits.timeoutMs ?? Number.POSITIVE_INFINITY, this.#parts.settings.timeoutMs)
    const late = () => {
      this.#timeouts++
      return this.#late(timeoutMs)
    }
    const wait = this.#line.wait({ timeoutMs, signal: limits.signal, late })
    this.#serve()
    const entry = await wait
    entry.use = { what, since: this.#parts.clock.monotonic() }
    let released = false
    return {
      connection: entry.connection,
      release: () => {
        if (released) return
        released = true
        this.#release(entry)
      },
    }
  }

  /** Ends every connection that nobody uses: after the file was replaced, they would go on with the old one. */
  discardIdle(): void {
    for (const entry of this.#idle.splice(0)) {
      this.#discarded++
      this.#drop(entry)
    }
  }

  /** Refuses whoever waits, lets those who have a connection finish for a moment, and closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(this.#closed())
    this.#pause?.[Symbol.dispose]()
    this.#line.refuseAll(this.#closed())
    const idle = this.#idle.splice(0)
    for (const entry of idle) this.#entries.delete(entry)
    await Promise.all(idle.map(({ connection }) => connection.close()))
    if (this.#entries.size === 0) return
    const { promise: empty, resolve } = Promise.withResolvers<void>()
    this.#onEmpty = resolve
    const impatience = this.#parts.clock.after(closeMs, () => {
      for (const { connection } of this.#entries) connection.kill()
      resolve()
    })
    await empty
    impatience[Symbol.dispose]()
  }

  /** Gives connections to those who wait as far as there are any, and opens further ones for the rest. */
  #serve(): void {
    if (this.#stop.signal.aborted) return
    while (this.#line.length > 0) {
      const entry = this.#idle.pop()
      if (!entry) break
      const waiter = this.#line.next()
      if (waiter) void this.#hand(entry, waiter)
    }
    while (
      this.#pause === null &&
      this.#opening < this.#line.length &&
      this.#entries.size + this.#opening < this.#most
    ) {
      void this.#open()
    }
  }

  async #hand(entry: Entry, waiter: Waiter<Entry>): Promise<void> {
    const { settings, clock } = this.#parts
    // Counted as in use while it is looked at, so that nobody else takes its place.
    entry.use = { what: 'its check before use', since: clock.monotonic() }
    if (clock.monotonic() - entry.openedAt >= settings.recycleMs) {
      this.#recycled++
      this.#entries.delete(entry)
      void entry.connection.close()
      this.#line.again(waiter)
      this.#serve()
      return
    }
    const fault = settings.ping ? await pinged(entry.connection) : entry.connection.alive ? null : new Error('ended')
    // Closed meanwhile: it stood in no queue any more in which it would have been refused.
    if (this.#stop.signal.aborted) waiter.refuse(this.#closed())
    if (fault !== null) {
      this.#discarded++
      this.#drop(entry)
      // What broke one has most likely broken those that were opened before it.
      this.discardIdle()
      this.#line.again(waiter)
      this.#serve()
    } else if (waiter.settled) {
      this.#release(entry)
    } else waiter.give(entry)
  }

  async #open(): Promise<void> {
    const { driver, clock, onTrouble, random } = this.#parts
    this.#opening++
    try {
      const connection = await driver.connect({ timeoutMs: connectMs, signal: this.#stop.signal })
      this.#opening--
      const entry: Entry = { connection, openedAt: clock.monotonic(), use: null }
      this.#entries.add(entry)
      connection.onEnded(() => this.#ended(entry))
      this.#failures = 0
      this.#lastFailure = null
      const waiter = this.#line.next()
      if (this.#stop.signal.aborted) this.#drop(entry)
      else if (waiter) waiter.give(entry)
      else this.#rest(entry)
    } catch (error) {
      this.#opening--
      if (this.#stop.signal.aborted) return
      this.#failures++
      this.#lastFailure = error
      onTrouble(error)
      if (isFinal(error)) {
        this.#line.refuseAll(error)
        return
      }
      this.#pause ??= clock.after(backoffMs(connectBackoff, this.#failures, random()), () => {
        this.#pause = null
        this.#serve()
      })
    }
    this.#serve()
  }

  #release(entry: Entry): void {
    entry.use = null
    const { connection } = entry
    if (this.#stop.signal.aborted || !connection.alive || connection.inTransaction) {
      // A transaction that could not be rolled back is ended with its connection.
      if (this.#stop.signal.aborted && connection.alive && !connection.inTransaction) void connection.close()
      else connection.kill()
      this.#forget(entry)
    } else this.#rest(entry)
    this.#serve()
  }

  /** Keeps a connection that nobody uses, or closes it when it is one too many and nobody waits. */
  #rest(entry: Entry): void {
    if (this.#entries.size > this.#parts.settings.size && this.#line.length === 0) {
      this.#forget(entry)
      void entry.connection.close()
    } else this.#idle.push(entry)
  }

  #ended(entry: Entry): void {
    const at = this.#idle.indexOf(entry)
    if (at < 0) return // whoever uses it finds out
    this.#idle.splice(at, 1)
    this.#discarded++
    this.#forget(entry)
    this.#parts.onTrouble(new Error('A connection that nobody used was ended by the other side.'))
  }

  #drop(entry: Entry): void {
    this.#forget(entry)
    entry.connection.kill()
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry)
    if (this.#entries.size === 0) this.#onEmpty?.()
  }

  #late(timeoutMs: number): Error {
    const { place, clock } = this.#parts
    const seconds = `${Math.round(timeoutMs / 100) / 10} s`
    if (this.#entries.size === 0 && this.#lastFailure instanceof DatabaseError) return this.#lastFailure
    const users = [...this.#entries].flatMap(({ use }) => use ?? []).sort((a, b) => a.since - b.since)
    const now = clock.monotonic()
    const named = users.slice(0, 3).map(({ what, since }) => `${what} for ${Math.round((now - since) / 1000)} s`)
    const held =
      users.length === 0
        ? 'the database did not answer'
        : `${users.length} of ${this.#most} are in use (longest: ${named.join(', ')})`
    return new ConsoleError(
      'database-pool-timeout',
      `No connection to the database ${place.service} (${place.where}) was to be had within ${seconds}: ${held}, and ${this.#line.length} more wait.`,
      'Look at what holds the connections so long; if they are all needed, raise `pool.size` or `pool.overflow` in site.yaml.',
      {
        params: { service: place.service, holders: users.map(({ what }) => what), waiting: this.#line.length },
        retryable: true,
      },
    )
  }

  #full(): ConsoleError {
    const { place } = this.#parts
    return new ConsoleError(
      'database-pool-full',
      `${waitingBound} callers wait for a connection to the database ${place.service} (${place.where}) already, so another one was turned away.`,
      'Look at what holds the connections so long, then try again.',
      { params: { service: place.service }, retryable: true },
    )
  }

  #closed(): ConsoleError {
    const { place } = this.#parts
    return new ConsoleError(
      'database-pool-closed',
      `The database ${place.service} (${place.where}) is not connected: its service was stopped.`,
      'Start the service.',
      { params: { service: place.service } },
    )
  }
}

async function pinged(connection: Connection): Promise<unknown> {
  if (!connection.alive) return new Error('ended')
  try {
    await connection.ping(pingMs)
    return null
  } catch (error) {
    return error
  }
}

/** Whether trying again changes nothing, so that nobody need wait for it. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true
  return (
    error.kind !== 'lost' &&
    error.kind !== 'ending' &&
    error.kind !== 'crowded' &&
    error.kind !== 'timeout' &&
    error.kind !== 'conflict'
  )
}
