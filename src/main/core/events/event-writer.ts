import { type Clock, delay, type Logger, newId } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { Backlog, type LostEvents, type UnwrittenEvent } from './backlog.ts'
import { insertOf } from './event-rows.ts'

export interface EventWriterParts {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  /** Told of every event once it is committed, in order of sequence. */
  readonly committed: (event: EventRecord) => void
  /** Told of every event that is not going to be recorded. */
  readonly failed: (event: UnwrittenEvent, error: unknown) => void
}

const retryMs = 500
/** How long closing waits for the store to take what is held back. */
const closeWithinMs = 3_000
/** Held events that are written at a time: one group commit. */
const writtenAtATime = 500
/** Lost events that are written out in the console's log; of the others it is told how many. */
const mostLogged = 100

/**
 * Writes events in the order in which they happened. While the store takes none (disk full, writer interrupted, database being
 * replaced) they are held back, up to a bound, and written when it takes them again. An event whose fate is unknown is written again:
 * its id keeps it from being recorded twice.
 */
export class EventWriter implements AsyncDisposable {
  readonly #parts: EventWriterParts
  readonly #writing = new Set<Promise<unknown>>()
  readonly #backlog = new Backlog()
  #turn = 0
  /** Why events are held back, while they are. */
  #holding: { readonly reason: unknown } | null = null
  #draining: Promise<void> | null = null
  #retry: Disposable | null = null
  #lostInAll = 0
  #disposed = false

  constructor(parts: EventWriterParts) {
    this.#parts = parts
  }

  get held(): number {
    return this.#backlog.size
  }

  get lost(): number {
    return this.#lostInAll
  }

  /** Writes an event as soon as the store takes it. */
  add(event: UnwrittenEvent): void {
    const turn = ++this.#turn
    if (this.#holding) this.#hold(turn, event, this.#holding.reason)
    else void this.#write(turn, event)
  }

  /** Writes an event now, after those that happened before it. Rejects when the store does not take it; it is not held back. */
  async record(event: UnwrittenEvent): Promise<EventRecord> {
    if (this.#holding) await this.#drain()
    if (this.#holding) throw this.#holding.reason
    return this.#insert(event)
  }

  /** Resolves when everything added so far is committed, held back, or has failed. */
  async settled(): Promise<void> {
    await this.#draining
    await Promise.allSettled(this.#writing)
  }

  /** Waits a bounded time for what is held back; what the store does not take by then is lost, and told as failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock } = this.#parts
    const late = Promise.withResolvers<void>()
    using _deadline = clock.after(closeWithinMs, () => {
      this.#disposed = true
      late.resolve()
    })
    await Promise.race([this.#settledAndDrained(), late.promise])
    this.#disposed = true
    this.#retry?.[Symbol.dispose]()
    for (const { event } of this.#backlog.take(Number.MAX_SAFE_INTEGER)) this.#lose(event, this.#holding?.reason)
    if (this.#lostInAll > 0) {
      this.#parts.logger.error('Events were lost, because the store did not take them.', { count: this.#lostInAll })
    }
  }

  async #settledAndDrained(): Promise<void> {
    await this.settled()
    while (this.#holding && !this.#disposed) {
      await this.#drain()
      if (this.#holding) await delay(this.#parts.clock, retryMs / 2)
    }
  }

  /** Resolves with whether the store took it, or will never take it: false when it is held back. */
  async #write(turn: number, event: UnwrittenEvent): Promise<boolean> {
    try {
      await this.#insert(event)
      return true
    } catch (error) {
      if (!mayPass(error) || this.#disposed) {
        this.#lose(event, error)
        return true
      }
      this.#hold(turn, event, error)
      return false
    }
  }

  /** The writer commits in the order of the calls, so outcomes come in order of sequence. */
  #insert(event: UnwrittenEvent): Promise<EventRecord> {
    const writing = this.#parts.database.write([insertOf(event)], 'event').then(
      ([result]) => {
        this.#writing.delete(writing)
        const seq = result && result.changes > 0 ? result.lastInsertRowid : this.#seqOf(event.id)
        const record = { ...event, seq }
        this.#parts.committed(record)
        return record
      },
      (error: unknown) => {
        this.#writing.delete(writing)
        throw error
      },
    )
    this.#writing.add(writing)
    return writing
  }

  /** It had been committed before, by a write of which nothing was heard. */
  #seqOf(id: string): number {
    const statement = { sql: 'SELECT seq FROM events WHERE id = ?', values: [id] }
    return this.#parts.database.get<{ seq: number }>(statement)?.seq ?? 0
  }

  #hold(turn: number, event: UnwrittenEvent, reason: unknown): void {
    if (!this.#holding) {
      this.#parts.logger.warn('The store takes no events; they are held back until it does.', {
        reason: String(reason),
      })
    }
    this.#holding = { reason }
    if (!this.#backlog.hold(turn, event)) this.#lose(event, reason)
    this.#retry ??= this.#parts.clock.after(retryMs, () => void this.#drain())
  }

  /** Writes what is held back, as far as the store takes it. */
  #drain(): Promise<void> {
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = null
    })
    return this.#draining
  }

  async #drainAll(): Promise<void> {
    this.#retry?.[Symbol.dispose]()
    this.#retry = null
    // First one alone: while the store takes nothing, one refusal is enough.
    for (let most = 1; this.#holding && !this.#disposed; most = writtenAtATime) {
      const taken = this.#backlog.take(most)
      if (taken.length === 0) {
        this.#resume()
        return
      }
      const settled = await Promise.all(taken.map(({ turn, event }) => this.#write(turn, event)))
      // What was refused again has set the timer.
      if (settled.includes(false)) return
    }
  }

  /** Everything that was held back is written. */
  #resume(): void {
    this.#holding = null
    const lost = this.#backlog.takeLost()
    this.#parts.logger.info('The store takes events again; those that were held back are recorded.')
    if (lost) this.add(lostEvent(lost, this.#parts.clock.wall()))
  }

  #lose(event: UnwrittenEvent, error: unknown): void {
    this.#lostInAll++
    if (this.#lostInAll <= mostLogged) {
      this.#parts.logger.error(`An event could not be recorded: ${event.message}`, { event, error: String(error) })
    }
    this.#parts.failed(event, error)
  }
}

/** Whether the store may take the same event later. */
function mayPass(error: unknown): boolean {
  return error instanceof ConsoleError && !['store-refused', 'store-closed'].includes(error.problem.code)
}

function lostEvent({ count, from, to }: LostEvents, at: number): UnwrittenEvent {
  const moment = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ')
  return {
    id: newId('ev'),
    at,
    kind: 'events.lost',
    subject: 'store',
    severity: 'error',
    message: `${count === 1 ? 'One event' : `${count} events`} between ${moment(from)} and ${moment(to)} UTC could not be recorded: the store took no writes, and as many as may be held back were.`,
    cause: { type: 'observation', what: 'the store did not take events for some time' },
    operation: null,
    data: { count, from, to },
  }
}
