import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { DatabaseName, Store } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { cardIds, copyFailed } from './cards.ts'
import { storeEventKinds } from './event-kinds.ts'
import { checkIsDue, copyIsDue, mostScheduledBytes } from './timetable.ts'

export interface RoundsOptions {
  readonly store: Store
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
  readonly logger: Logger
  /** Starts a full check as a job. */
  check(database: DatabaseName, cause: Cause): Promise<unknown>
  /** Tells what could not be told before. */
  tell(): Promise<void>
  /** Shows what lies on the disk anew. */
  changed(): Promise<void>
}

/** The first look, when the site has come up; then one every few minutes, so that a jump of the clock or a sleep is noticed. */
const firstAfterMs = 30_000
const everyMs = 5 * 60_000
/** After a copy that failed. */
const retryAfterMs = 60 * 60_000

const names: readonly DatabaseName[] = ['control', 'messages']

/** What is done for the store by itself: copies, weekly checks, and the end of quarantine. Nothing in it waits for anything else. */
export class Rounds implements AsyncDisposable {
  readonly #options: RoundsOptions
  readonly #stop = new AbortController()
  readonly #openedAt: number
  /** Monotonic milliseconds before which a copy that failed is not tried again. */
  readonly #notBefore = new Map<DatabaseName, number>()
  #timer: Disposable
  #running: Promise<void> = Promise.resolve()

  constructor(options: RoundsOptions) {
    this.#options = options
    this.#openedAt = options.clock.wall()
    this.#timer = this.#in(firstAfterMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    this.#stop.abort(new Error('The site is closing.'))
    await this.#running
  }

  #in(ms: number): Disposable {
    return this.#options.clock.after(ms, () => {
      this.#running = this.#look().then(() => {
        if (!this.#stop.signal.aborted) this.#timer = this.#in(everyMs)
      })
    })
  }

  async #look(): Promise<void> {
    const { store, logger, tell, changed } = this.#options
    try {
      await tell()
      await store.upkeep.mark()
      for (const database of names) await this.#copyWhenDue(database)
      await this.#sweep()
      await changed()
      for (const database of names) await this.#checkWhenDue(database)
    } catch (error) {
      if (!this.#stop.signal.aborted) logger.warn('The store could not be looked after.', { error: String(error) })
    }
  }

  async #copyWhenDue(database: DatabaseName): Promise<void> {
    const { store, clock, attention } = this.#options
    const { copies } = store.upkeep
    const { bytes, walBytes } = store.statistics().databases[database]
    if (this.#stop.signal.aborted || store.upkeep.standIn(database) || bytes + walBytes > mostScheduledBytes) return
    if (clock.monotonic() < (this.#notBefore.get(database) ?? 0)) return
    if (!copyIsDue(database, await copies.list(database), clock.wall())) return
    if (await copies.isUnchanged(database)) return
    try {
      await copies.take(database, 'scheduled', this.#stop.signal)
      attention.clear(cardIds.copyFailed(database), scheduled)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#notBefore.set(database, clock.monotonic() + retryAfterMs)
      this.#tellFailure(database, error instanceof Error ? error.message : String(error))
    }
  }

  #tellFailure(database: DatabaseName, why: string): void {
    const { events, attention } = this.#options
    const subject = `store:${database}`
    const message = `The scheduled copy of the ${database} database failed: ${why}`
    const draft = { kind: storeEventKinds.copyFailed, subject, severity: 'warning', message, cause: scheduled } as const
    const { cause } = events.emit({ ...draft, data: { database } })
    attention.raise(copyFailed(database, why, cause))
  }

  async #checkWhenDue(database: DatabaseName): Promise<void> {
    const { store, clock, check, logger } = this.#options
    const { upkeep } = store
    if (this.#stop.signal.aborted || upkeep.standIn(database)) return
    const bornAt = upkeep.bornAt(database) ?? this.#openedAt
    if (!checkIsDue(upkeep.lastFullCheck(database), bornAt, clock.wall(), upkeep.seenMs())) return
    try {
      await check(database, { type: 'schedule', name: 'the weekly check of the store' })
    } catch (error) {
      logger.info(`The weekly check of the ${database} database waits: ${String(error)}`)
    }
  }

  async #sweep(): Promise<void> {
    const { store, events } = this.#options
    for (const folder of await store.upkeep.sweep()) {
      const message = `Damaged files that were set aside are removed after 14 days: ${folder}.`
      const draft = { kind: storeEventKinds.quarantineRemoved, subject: 'store', severity: 'info', message } as const
      events.emit({ ...draft, cause: scheduled, data: { folder } })
    }
  }
}

const scheduled: Cause = { type: 'schedule', name: 'the care of the store' }
