import { type Clock, Listeners, type Logger, newId } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { UnwrittenEvent } from './backlog.ts'
import { readPage } from './event-page.ts'
import { type EventRow, eventColumns, recordOf, storable } from './event-rows.ts'
import { readSpan } from './event-span.ts'
import { EventWriter } from './event-writer.ts'
import { emptyIndex, isIndexDamage } from './text-index.ts'
import type {
  EventDraft,
  EventFilter,
  EventLog,
  EventPage,
  EventQuery,
  EventRef,
  EventSpan,
  UnrecordedEvent,
} from './types.ts'

export interface EventLogOptions {
  /** The control database, with {@link eventsSchema}. */
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
}

/** Opens the event log on its table. Disposing it waits for what was emitted, for a bounded time. */
export function openEventLog(options: EventLogOptions): EventLog {
  return new Log(options)
}

/** A chain of causes longer than this is cut: it would be a fault of the console, and no screen shows it. */
const longestChain = 100
const mostEffects = 1_000

class Log implements EventLog {
  readonly #database: Database
  readonly #clock: Clock
  readonly #committed: Listeners<readonly EventRecord[]>
  readonly #failed: Listeners<UnrecordedEvent>
  readonly #writer: EventWriter
  #untold: EventRecord[] = []
  #reindexing: Promise<void> | null = null

  constructor({ database, clock, logger }: EventLogOptions) {
    this.#database = database
    this.#clock = clock
    const onError = (error: unknown) => logger.error('A listener of the event log failed.', { error: String(error) })
    this.#committed = new Listeners(onError)
    this.#failed = new Listeners(onError)
    this.#writer = new EventWriter({
      database,
      clock,
      logger,
      committed: (event) => this.#tellSoon(event),
      failed: (event, error) => this.#failed.tell({ id: event.id, draft: event, error }),
    })
  }

  emit(draft: EventDraft): EventRef {
    const event = this.#eventOf(draft)
    this.#writer.add(event)
    return { id: event.id, cause: { type: 'event', id: event.id } }
  }

  record(draft: EventDraft): Promise<EventRecord> {
    return this.#writer.record(this.#eventOf(draft))
  }

  backlog(): { readonly held: number; readonly lost: number } {
    return { held: this.#writer.held, lost: this.#writer.lost }
  }

  page(query: EventQuery, signal?: AbortSignal): Promise<EventPage> {
    return this.#onSoundIndex(() => readPage(this.#database, this.#clock, query, signal))
  }

  span(filter: EventFilter, buckets: number, signal?: AbortSignal): Promise<EventSpan> {
    return this.#onSoundIndex(() => readSpan(this.#database, this.#clock, { filter, buckets }, signal))
  }

  byId(id: string): EventRecord | undefined {
    const row = this.#database.get<EventRow>({ sql: `SELECT ${eventColumns} FROM events WHERE id = ?`, values: [id] })
    return row && recordOf(row)
  }

  causes(id: string): readonly EventRecord[] {
    const chain: EventRecord[] = []
    for (let next: string | undefined = id; next !== undefined && chain.length < longestChain; ) {
      const event = this.byId(next)
      if (!event || chain.some((known) => known.id === event.id)) break
      chain.push(event)
      next = event.cause.type === 'event' ? event.cause.id : undefined
    }
    return chain
  }

  effects(id: string): readonly EventRecord[] {
    const sql = `SELECT ${eventColumns} FROM events WHERE cause_event = ? ORDER BY seq LIMIT ?`
    return this.#database.all<EventRow>({ sql, values: [id, mostEffects] }).map(recordOf)
  }

  countEffects(id: string): number {
    const sql = 'SELECT count(*) AS count FROM events WHERE cause_event = ?'
    return this.#database.get<{ count: number }>({ sql, values: [id] })?.count ?? 0
  }

  onCommitted(listener: (events: readonly EventRecord[]) => void): Disposable {
    return this.#committed.add(listener)
  }

  onFailure(listener: (unrecorded: UnrecordedEvent) => void): Disposable {
    return this.#failed.add(listener)
  }

  reindex(why: string): Promise<void> {
    this.#reindexing ??= this.#database
      .write(emptyIndex, 'housekeeping')
      .then(() => void this.emit(reindexed(why)))
      .finally(() => {
        this.#reindexing = null
      })
    return this.#reindexing
  }

  settled(): Promise<void> {
    return this.#writer.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]()
    this.#tellCommitted()
    this.#committed.clear()
    this.#failed.clear()
  }

  #eventOf(draft: EventDraft): UnwrittenEvent {
    const { kind, subject, severity, message, cause, operation = null, data = {} } = draft
    const id = newId('ev')
    return { id, at: this.#clock.wall(), kind, subject, severity, message, cause, operation, data: storable(data) }
  }

  /** What a damaged index cannot answer is read from the log itself, once the index was emptied. */
  async #onSoundIndex<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (!isIndexDamage(error)) throw error
      await this.reindex(String(error.problem.params.detail))
      return await read()
    }
  }

  /** Events of one commit are told together. */
  #tellSoon(record: EventRecord): void {
    this.#untold.push(record)
    if (this.#untold.length === 1) setImmediate(() => this.#tellCommitted())
  }

  #tellCommitted(): void {
    const events = this.#untold
    if (events.length === 0) return
    this.#untold = []
    this.#committed.tell(events)
  }
}

function reindexed(why: string): EventDraft {
  return {
    kind: 'events.reindexed',
    subject: 'store:control',
    severity: 'warning',
    message: `The index of words of the event log was damaged (${why}) and is made anew from the log. No event is lost; searches take longer until it is done.`,
    cause: { type: 'observation', what: 'damage in the index of words of the event log' },
  }
}
