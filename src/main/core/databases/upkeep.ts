import type { Clock, Logger } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { DatabaseJobs } from './database-jobs.ts'
import type { DatabaseRecords } from './records.ts'
import { mayRecoverByItself } from './recovery/recovery-plan.ts'
import type { SiteDatabase } from './site-database.ts'

export interface UpkeepParts {
  readonly databases: () => Iterable<SiteDatabase>
  /** Whether the console did not end properly the last time. */
  readonly uncleanExit: boolean
  readonly jobs: DatabaseJobs
  readonly records: DatabaseRecords
  readonly clock: Clock
  readonly logger: Logger
}

const minute = 60_000
const day = 24 * 60 * minute
/** The first look soon after opening, but not while the services are being started. */
const firstMs = 2 * minute
const everyMs = 10 * minute
const checkEveryMs = 7 * day
/** After a recovery that failed the console waits this long before it tries by itself again. */
const retryMs = 10 * minute

/**
 * What is done for the site's databases without being asked: daily copies, weekly checks, a quick check of SQLite files after an unclean
 * exit of the console (the power may have gone), recovery where site.yaml says so.
 */
export class Upkeep implements AsyncDisposable {
  readonly #parts: UpkeepParts
  readonly #stop = new AbortController()
  /** Databases whose recovery is being started. */
  readonly #recovering = new Set<string>()
  /** Those that were looked at since an unclean exit. */
  readonly #quickChecked = new Set<string>()
  #timer: Disposable
  #running: Promise<void> = Promise.resolve()

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#timer = this.#in(firstMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    this.#stop.abort(new Error('The site is closing.'))
    await this.#running
  }

  /** Damage was found: begins a recovery when site.yaml allows it, at most three times in 24 hours. */
  async damaged(database: SiteDatabase): Promise<void> {
    const { jobs, records, clock, logger } = this.#parts
    const { declared, id, damage } = database
    if (damage === null || declared.definition.recover !== 'automatic' || declared.target.engine !== 'sqlite') return
    if (this.#recovering.has(id) || this.#stop.signal.aborted) return
    const earlier = records.all(id, 'recovery')
    const [last] = earlier
    if (!mayRecoverByItself(earlier, clock.wall())) return
    if (last && !last.ok && clock.wall() - last.at < retryMs) return
    this.#recovering.add(id)
    try {
      await jobs.recover(database, { type: 'observation', what: damage }, true)
    } catch (error) {
      // Most likely a backup or a restore is running; the next look tries again.
      logger.info(`The recovery of the database ${id} was not begun: ${error instanceof Error ? error.message : error}`)
    } finally {
      this.#recovering.delete(id)
    }
  }

  #in(ms: number): Disposable {
    return this.#parts.clock.after(ms, () => {
      this.#running = this.#look().then(() => {
        if (!this.#stop.signal.aborted) this.#timer = this.#in(everyMs)
      })
    })
  }

  async #look(): Promise<void> {
    for (const database of this.#parts.databases()) {
      if (this.#stop.signal.aborted || !database.running || database.damage !== null) continue
      try {
        await this.#checkAfterUncleanExit(database)
        await this.#copyWhenDue(database)
        await this.#checkWhenDue(database)
      } catch (error) {
        if (this.#stop.signal.aborted) return
        const why = error instanceof Error ? error.message : String(error)
        this.#parts.logger.warn(`The upkeep of the database ${database.id} did not come to its end: ${why}`)
      }
    }
  }

  async #copyWhenDue(database: SiteDatabase): Promise<void> {
    const { jobs, clock } = this.#parts
    const { target } = database.declared
    if (target.engine !== 'sqlite') return
    const newest = (await jobs.copiesOf(database).list()).find(({ reason }) => reason === 'daily')
    if (newest && !isDue(newest.at, day, clock.wall())) return
    const cause: Cause = { type: 'schedule', name: 'daily copy' }
    await jobs.takeCopy(database, target.file, 'daily', cause, this.#stop.signal)
  }

  async #checkAfterUncleanExit(database: SiteDatabase): Promise<void> {
    const { uncleanExit, jobs } = this.#parts
    const { definition, target } = database.declared
    if (!uncleanExit || this.#quickChecked.has(database.id)) return
    if (definition.check === 'off' || target.engine !== 'sqlite') return
    const { job } = await jobs.check(
      database,
      { type: 'console', why: 'it did not end properly the last time' },
      'quick',
    )
    this.#quickChecked.add(database.id)
    // What follows needs the same lane, and there is no use in copying what turns out to be damaged.
    await jobs.finished(job)
  }

  async #checkWhenDue(database: SiteDatabase): Promise<void> {
    const { jobs, records, clock } = this.#parts
    if (database.declared.definition.check === 'off') return
    const last = records.newest(database.id, 'check')
    if (last && !isDue(last.at, checkEveryMs, clock.wall())) return
    await jobs.check(database, { type: 'schedule', name: 'weekly check' })
  }
}

/** A time in the future comes of a clock that was set back: it says nothing, so it is due. */
function isDue(at: number, everyMs: number, now: number): boolean {
  return now - at >= everyMs || at > now
}
