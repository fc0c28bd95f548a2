import type { EventLog } from '#core/events/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { DatabaseName, Store } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { CopyTaking } from './copy-taking.ts'
import { storeEventKinds } from './event-kinds.ts'
import { checkIsDue, copyIsDue, mostScheduledBytes } from './timetable.ts'

export interface RoundsOptions {
  readonly store: Store
  readonly events: EventLog
  readonly copying: CopyTaking
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
    const { store, clock, copying } = this.#options
    const { copies } = store.upkeep
    const { bytes, walBytes } = store.statistics().databases[database]
    if (this.#stop.signal.aborted || store.upkeep.standIn(database) || bytes + walBytes > mostScheduledBytes) return
    if (clock.monotonic() < (this.#notBefore.get(database) ?? 0)) return
    if (!copyIsDue(database, await copies.list(database), clock.wall())) return
    if (await copies.isUnchanged(database)) {
      copying.good(database, scheduled)
      return
    }
    try {
      await copying.take(database, 'scheduled', scheduled, this.#stop.signal)
    } catch (error) {
      // Told already, on a card.
      this.#notBefore.set(database, clock.monotonic() + retryAfterMs)
      const isDamage = error instanceof ConsoleError && error.problem.code === 'database-damaged'
      if (isDamage && !this.#stop.signal.aborted) await this.#check(database, 'a copy that turned out to be damaged')
    }
  }

  async #checkWhenDue(database: DatabaseName): Promise<void> {
    const { store, clock } = this.#options
    const { upkeep } = store
    if (this.#stop.signal.aborted || upkeep.standIn(database)) return
    const bornAt = upkeep.bornAt(database) ?? this.#openedAt
    if (!checkIsDue(upkeep.lastFullCheck(database), bornAt, clock.wall(), upkeep.seenMs())) return
    await this.#check(database, 'the weekly check of the store')
  }

  /** One that finds damage recovers the database. */
  async #check(database: DatabaseName, name: string): Promise<void> {
    const { check, logger } = this.#options
    try {
      await check(database, { type: 'schedule', name })
    } catch (error) {
      logger.info(`A check of the ${database} database (${name}) waits: ${String(error)}`)
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
