import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database, Statement } from '#core/store/index.ts'
import { defaultLimits, type EventCounts, type EventLimits, nextStep, type RetentionStep } from './retention.ts'
import {
  addRuns,
  type CountedEvent,
  type Removal,
  type Run,
  replaceRuns,
  runColumns,
  runMinutes,
  runsAfter,
  runsOf,
} from './runs.ts'
import { isIndexDamage } from './text-index.ts'
import { type IndexedText, indexStatement } from './text-terms.ts'

export interface EventIndexerOptions {
  /** The control database, with {@link eventsSchema}. */
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  /** Told when events were recorded, so that a quiet indexer wakes. */
  readonly onCommitted: (listener: () => void) => Disposable
  /** Empties a damaged index, so that it is filled anew: `EventLog.reindex`. */
  readonly reindex: (why: string) => Promise<void>
  readonly limits?: Partial<EventLimits>
  /** Bytes that the whole database is kept within, asked whenever sizes are looked at; `limits.mostBytes` follows it. */
  readonly databaseLimit?: () => number
}

/** Brings the text index and the counts up to date, and keeps the log within its limits, in the background. */
export interface EventIndexer extends AsyncDisposable {
  /** Resolves when everything recorded so far is indexed and the log is within its limits. Does not wait between the steps. */
  caughtUp(): Promise<void>
}

/** Events of one batch: a write of some milliseconds, behind which an operator's own may have to wait. */
const batch = 200
const removalBatch = 200
/** How long events are left to gather before they are indexed; search reads them from the log until then. */
const gatherMs = 1_000
/** Between two batches at least, and twice what the batch took: what waits behind one comes before the next. */
const leastPauseMs = 5
/** Above this share of the database's limit events are given up: before the store finds it full, which is at nine tenths. */
const shareOfDatabase = 0.85
const retryMs = 5_000
/** How often the size is looked at when nothing happens. */
const idleMs = 60_000

export function openEventIndexer(options: EventIndexerOptions): EventIndexer {
  return new Indexer(options)
}

interface Position {
  readonly indexed_to: number
  readonly kept_to: number
  readonly kept: number
}

class Indexer implements EventIndexer {
  readonly #database: Database
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #limits: EventLimits
  readonly #databaseLimit: (() => number) | undefined
  readonly #reindex: (why: string) => Promise<void>
  readonly #listening: Disposable
  #next: Disposable
  #running: Promise<boolean> | null = null
  #waking = false
  #disposed = false
  /** Indexed events in all; counted anew after a failure, because the fate of a write may be unknown then. */
  #indexed: number | null = null
  /** Where the last step ended; elsewhere than that, another database has taken the place of a damaged one. */
  #indexedTo = -1
  #troubled = false

  constructor({ database, clock, logger, onCommitted, reindex, limits, databaseLimit }: EventIndexerOptions) {
    this.#reindex = reindex
    this.#database = database
    this.#clock = clock
    this.#logger = logger
    this.#limits = { ...defaultLimits, ...limits }
    this.#databaseLimit = databaseLimit
    this.#listening = onCommitted(() => this.#wake())
    this.#next = clock.after(gatherMs, () => this.#turn())
  }

  async caughtUp(): Promise<void> {
    while (!this.#disposed && (await this.#stepAlone())) {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#listening[Symbol.dispose]()
    this.#next[Symbol.dispose]()
    await this.#running?.catch(() => {})
  }

  #wake(): void {
    if (this.#waking || this.#running || this.#disposed) return
    this.#waking = true
    this.#next[Symbol.dispose]()
    this.#next = this.#clock.after(gatherMs, () => this.#turn())
  }

  #turn(): void {
    this.#waking = false
    const began = this.#clock.monotonic()
    const again = (ms: number, waking: boolean) => {
      if (this.#disposed) return
      this.#waking = waking
      this.#next = this.#clock.after(ms, () => this.#turn())
    }
    this.#stepAlone().then(
      (more) => {
        this.#troubled = false
        if (more) again(Math.max(leastPauseMs, 2 * (this.#clock.monotonic() - began)), true)
        else again(idleMs, false)
      },
      (error: unknown) => {
        if (!this.#troubled)
          this.#logger.warn('The event log could not be indexed; tried again.', { error: String(error) })
        this.#troubled = true
        again(retryMs, true)
      },
    )
  }

  /** One step at a time. Resolves with whether there is more to do. */
  async #stepAlone(): Promise<boolean> {
    while (this.#running) await this.#running.catch(() => {})
    if (this.#disposed) return false
    this.#running = this.#step()
    try {
      return await this.#running
    } catch (error) {
      this.#indexed = null
      if (!isIndexDamage(error)) throw error
      await this.#reindex(String(error.problem.params.detail))
      return true
    } finally {
      this.#running = null
    }
  }

  async #step(): Promise<boolean> {
    const position = this.#position()
    if (position.indexed_to !== this.#indexedTo) this.#indexed = null
    this.#indexedTo = position.indexed_to
    const events = this.#database.all<IndexedText & CountedEvent>({
      sql: 'SELECT seq, at, message, subject, kind, severity FROM events WHERE seq > ? ORDER BY seq LIMIT ?',
      values: [position.indexed_to, batch],
    })
    const last = events.at(-1)
    if (last) {
      const before = this.#indexed ?? this.#count()
      await this.#database.write(
        [moved('indexed_to', position.indexed_to, last.seq), indexStatement(events), addRuns(this.#newRuns(events))],
        'housekeeping',
      )
      this.#indexed = before + events.length
      this.#indexedTo = last.seq
      if (events.length === batch) return true
    }
    this.#indexed ??= this.#count()
    const counts = { indexed: this.#indexed, kept: position.kept, bytesInUse: this.#bytesInUse() }
    return this.#keepWithin(counts, { ...position, indexed_to: last?.seq ?? position.indexed_to })
  }

  #newRuns(events: readonly CountedEvent[]): readonly Run[] {
    return runMinutes.flatMap((minutes) => {
      const sql = `SELECT ${runColumns} FROM events_runs WHERE minutes = ? ORDER BY first_seq DESC LIMIT 1`
      return runsOf(events, minutes, this.#database.get<Run>({ sql, values: [minutes] }))
    })
  }

  async #keepWithin(counts: EventCounts, position: Position): Promise<boolean> {
    const step = nextStep(counts, this.#limitsNow(), removalBatch)
    if (!step) return false
    const removal = this.#removal(step, position)
    const gone = removal.events.filter(({ removed }) => removed)
    const last = removal.events.at(-1)
    if (!last) return false
    const runs = this.#runsBetween(removal.events[0]?.seq ?? 0, last.seq)
    const keys = JSON.stringify(gone.map(({ seq }) => seq))
    const kept = step.act === 'pass' ? removal.events.length - gone.length : -gone.length
    await this.#database.write(
      [
        moved('kept', position.kept, position.kept + kept),
        ...(step.act === 'pass' ? [moved('kept_to', position.kept_to, last.seq)] : []),
        { sql: 'DELETE FROM events_text WHERE rowid IN (SELECT value FROM json_each(?))', values: [keys] },
        { sql: 'DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?))', values: [keys] },
        ...replaceRuns(runs, runsAfter(runs, removal)),
      ],
      'housekeeping',
    )
    this.#indexed = counts.indexed - gone.length
    return true
  }

  #limitsNow(): EventLimits {
    const bytes = this.#databaseLimit?.()
    return bytes === undefined ? this.#limits : { ...this.#limits, mostBytes: bytes * shareOfDatabase }
  }

  #removal({ act, events: count }: RetentionStep, { kept_to, indexed_to }: Position): Removal {
    const [from, to] = act === 'pass' ? [kept_to + 1, indexed_to] : [0, kept_to]
    const events = this.#database
      .all<CountedEvent>({
        sql: 'SELECT seq, at, severity FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?',
        values: [from, to, count],
      })
      .map((event) => ({ ...event, removed: act === 'drop' || event.severity < 2 }))
    const neighbour = (sql: string, seq: number | undefined) =>
      seq === undefined ? null : (this.#database.get<{ seq: number | null }>({ sql, values: [seq] })?.seq ?? null)
    return {
      events,
      before: neighbour('SELECT max(seq) AS seq FROM events WHERE seq < ?', events[0]?.seq),
      after: neighbour('SELECT min(seq) AS seq FROM events WHERE seq > ?', events.at(-1)?.seq),
    }
  }

  /** Runs that hold a sequence of this range. A run ends before the next one begins, so only the last before it reaches into it. */
  #runsBetween(first: number, last: number): readonly Run[] {
    return runMinutes.flatMap((minutes) =>
      this.#database.all<Run>({
        sql: `SELECT ${runColumns} FROM events_runs WHERE minutes = @minutes AND last_seq >= @first AND first_seq BETWEEN
                coalesce((SELECT max(first_seq) FROM events_runs WHERE minutes = @minutes AND first_seq <= @first), 0)
                AND @last`,
        values: { minutes, first, last },
      }),
    )
  }

  #position(): Position {
    const position = this.#database.get<Position>({ sql: 'SELECT indexed_to, kept_to, kept FROM events_index' })
    return position ?? { indexed_to: 0, kept_to: 0, kept: 0 }
  }

  #count(): number {
    const sql =
      'SELECT coalesce(sum(info + notice + warning + error + critical), 0) AS count FROM events_runs WHERE minutes = 60'
    return this.#database.get<{ count: number }>({ sql })?.count ?? 0
  }

  #bytesInUse(): number {
    const sql = `SELECT (page_count - freelist_count) * page_size AS bytes
                 FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`
    return this.#database.get<{ bytes: number }>({ sql })?.bytes ?? 0
  }
}

/** Moves a position on. Fails, and with it the whole write, when it is not where it was thought to be: nothing is done twice. */
function moved(column: 'indexed_to' | 'kept_to' | 'kept', from: number, to: number): Statement {
  return {
    sql: `UPDATE events_index SET ${column} = CASE WHEN ${column} = ? THEN ? END WHERE only = 1`,
    values: [from, to],
  }
}
