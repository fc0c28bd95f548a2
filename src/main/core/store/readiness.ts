import { join } from 'node:path'
import { type Clock, type CrashPoints, type Logger, type Runtime, timeIn } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Copies } from './copies.ts'
import { isNoRoom, type Ladder } from './ladder.ts'
import { LeftBehind } from './left-behind.ts'
import { type Found, inspect, lastWrite, sizeOf, wrongFile } from './opening.ts'
import { patiently } from './patience.ts'
import { makePrivateFile } from './private-file.ts'
import type { Quarantine } from './quarantine.ts'
import { type RecoveryRecord, type ReplacedBy, recoveryLimit, recoveryWaitMs } from './recovery-record.ts'
import { pendingMigrations } from './schema-versions.ts'
import { failureKind, failureOf, mayPass, storeError } from './sqlite-failure.ts'
import type { StandIns } from './stand-ins.ts'
import type { StoreRecord } from './store-record.ts'
import type { StoreReports } from './store-reports.ts'
import type { DatabaseName, OpenedAs, Schema } from './types.ts'
import type { DatabaseSetup } from './writer-protocol.ts'

export interface ReadinessOptions {
  /** The `.wheelhouse` folder. */
  readonly directory: string
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly records: Readonly<Record<DatabaseName, RecoveryRecord>>
  readonly ladder: Ladder
  readonly copies: Copies
  readonly quarantine: Quarantine
  readonly standIns: StandIns
  readonly reports: StoreReports
  readonly record: StoreRecord
  /** The machine's start, to tell a kill from a power cut. */
  readonly boot: string
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  readonly zone: string
}

/** A database that the writer may open, and how it came to be so. */
export interface Ready {
  readonly setup: DatabaseSetup
  readonly opened: OpenedAs
}

/** A recovery that failed is tried once more: on a disk that is really full it copies in vain. Milliseconds. */
const pausesInLadderMs = [300] as const

const noTables = 'it holds none of its tables any more; most likely its write-ahead log was taken away'

type Usable = Exclude<Found, { state: 'damaged' }>

/**
 * Everything that comes before the writer opens a database: what lies there is looked at, replaced when it is damaged, and
 * copied before an upgrade. Whatever is found, there is a database at the end; only one from a newer version is refused.
 * No connection to the database may be open in this process, before or after.
 */
export class Readiness {
  readonly #options: ReadinessOptions
  readonly #leftBehind: LeftBehind

  constructor(options: ReadinessOptions) {
    this.#options = options
    this.#leftBehind = new LeftBehind(options)
  }

  /** At opening. */
  async prepare(name: DatabaseName): Promise<Ready> {
    const record = this.#options.records[name]
    const { intent, standIn } = record.state
    if (intent) return this.#recover(record, intent.damage, 'damage')
    const damage = standIn?.damage ?? null
    return damage === null ? this.#look(record) : this.#recover(record, damage, 'damage')
  }

  /** While the console runs, or when the writer finds damage: recovers, or puts a stand-in where that happened too often. */
  async replace(name: DatabaseName, damage: string, by: ReplacedBy): Promise<Ready> {
    const record = this.#options.records[name]
    // What is in use is the stand-in, and so it is what was found damaged.
    if (record.state.standIn && by !== 'operator') await this.#options.standIns.setAside(record, damage)
    return this.#recover(record, record.state.standIn?.damage ?? damage, by)
  }

  /** When the writer cannot open a database for a reason that is no damage. */
  standInFor(name: DatabaseName, why: string): Promise<Ready> {
    return this.#standIn(this.#options.records[name], why, null)
  }

  /** Whether a stand-in runs for a database of which no damage is known, and the disk lets that one be read and written again. */
  mayComeBack(name: DatabaseName): Promise<boolean> {
    return this.#options.standIns.mayEnd(this.#options.records[name])
  }

  /** Goes back from such a stand-in. Whatever goes wrong, a stand-in goes on. */
  async comeBack(name: DatabaseName): Promise<Ready> {
    const record = this.#options.records[name]
    try {
      return await this.prepare(name)
    } catch (error) {
      return this.#standIn(record, `The ${name} database could not be used again: ${reasonOf(error)}`, null)
    }
  }

  /** Once more what the writer could not open: its attempt may have changed what lies there. */
  async again(name: DatabaseName, before: Ready): Promise<Ready> {
    const { setup, opened } = before
    try {
      await makePrivateFile(setup.path)
      const found = inspect(name, setup.path)
      if (found.state === 'damaged') return await this.replace(name, found.reason, 'damage')
      const again = this.#setup(this.#options.records[name], setup.path, found, setup.continueFrom)
      return { setup: { ...again, rewrite: setup.rewrite }, opened }
    } catch (error) {
      // Whoever opens it then meets the same.
      if (mayPass(error)) return before
      throw error
    }
  }

  async #recover(record: RecoveryRecord, damage: string, by: ReplacedBy): Promise<Ready> {
    const { record: store } = this.#options
    const { intent, reports } = record.state
    if (intent) return this.#replaced(record, intent.damage, by)
    const waitMs = by === 'operator' ? 0 : recoveryWaitMs(reports, store.seenMs())
    if (waitMs > 0) return this.#standIn(record, this.#limitSentence(record.name, damage, waitMs), damage)
    return this.#replaced(record, damage, by)
  }

  async #look(record: RecoveryRecord): Promise<Ready> {
    const { name } = record
    const path = this.#path(name)
    const wrong = wrongFile(name, path, await this.#existed(name))
    if (wrong !== null) return this.#recover(record, wrong, 'damage')
    // Before it is looked at, which touches the index of its log.
    const writtenAt = lastWrite(path)
    let found: Found
    try {
      found = await this.#found(name, path)
    } catch (error) {
      return this.#unusable(record, error)
    }
    if (found.state === 'damaged') return this.#recover(record, found.reason, 'damage')
    if (found.state === 'empty') {
      // Its first tables are in its log until that is carried over. One that a recovery has just begun holds none either.
      const isLost = record.state.continueFrom === null && (await this.#existed(name))
      return isLost ? this.#recover(record, noTables, 'damage') : this.#ready(record, found, { how: 'new' })
    }
    const lacksLog = this.#leftBehind.lacksLog(record, found.round)
    const hasLog = sizeOf(`${path}-wal`) > 0
    if (found.state === 'closed cleanly' && !hasLog && !lacksLog) return this.#ready(record, found, { how: 'clean' })
    const verdict = await this.#leftBehind.examine(record, { lacksLog, writtenAt })
    return 'damage' in verdict
      ? this.#recover(record, verdict.damage, 'damage')
      : this.#ready(record, found, verdict.opened)
  }

  /** What lies at a path, which is made when there is nothing. */
  #found(name: DatabaseName, path: string): Promise<Found> {
    const look = async () => {
      await makePrivateFile(path)
      return inspect(name, path)
    }
    return patiently(look, mayPass)
  }

  async #existed(name: DatabaseName): Promise<boolean> {
    const { record, copies } = this.#options
    return record.bornAt(name) !== undefined || (await copies.list(name)).length > 0
  }

  /** It cannot be opened for a reason that is no damage: the disk, its rights, somebody's lock. */
  async #unusable(record: RecoveryRecord, error: unknown): Promise<Ready> {
    if (error instanceof ConsoleError) throw error
    const failure = failureOf(error)
    if (failureKind(failure) === 'busy') throw storeError(record.name, failure)
    return this.#standIn(record, `The ${record.name} database could not be opened: ${failure.message}.`, null)
  }

  async #replaced(record: RecoveryRecord, damage: string, by: ReplacedBy): Promise<Ready> {
    const { ladder } = this.#options
    const { name } = record
    // Each step can be repeated: what failed for a moment only is no reason to do without the database.
    const recover = () => {
      const { intent } = record.state
      return intent ? ladder.resume(record, intent, by) : ladder.climb(record, damage, by)
    }
    let opened: OpenedAs
    try {
      opened = await patiently(recover, (error) => mayPass(error) || isNoRoom(error), pausesInLadderMs)
    } catch (error) {
      const why = isNoRoom(error) ? 'its disk takes no more' : 'its files could not be moved'
      const sentence = `The ${name} database is damaged (${damage}) and could not be recovered, because ${why}: ${reasonOf(error)}. It is tried again when the site is opened the next time.`
      return this.#standIn(record, sentence, damage)
    }
    const path = this.#path(name)
    const found = await this.#found(name, path)
    if (found.state === 'damaged') throw storeError(name, { code: 'SQLITE_CORRUPT', message: found.reason })
    return this.#ready(record, found, opened)
  }

  async #standIn(record: RecoveryRecord, why: string, damage: string | null): Promise<Ready> {
    const { path, found, continueFrom } = await this.#options.standIns.begin(record, why, damage)
    const since = record.state.standIn?.since ?? this.#options.clock.wall()
    return { setup: this.#setup(record, path, found, continueFrom), opened: { how: 'stand-in', reason: why, since } }
  }

  async #ready(record: RecoveryRecord, found: Usable, opened: OpenedAs): Promise<Ready> {
    const { copies, standIns, logger } = this.#options
    const { name } = record
    await standIns.end(record)
    const path = this.#path(name)
    const setup = this.#setup(record, path, found, record.state.continueFrom)
    if (setup.pending.length > 0 && !setup.isNew) {
      await copies.take(name, 'before-upgrade')
      const steps = setup.pending.map(({ owner, version, what }) => `${owner} ${version}: ${what}`)
      logger.info(`The ${name} database is brought up to date; a copy from before was kept.`, { steps })
    }
    const rewrite =
      found.state !== 'empty' && !found.canShrink && (setup.pending.length > 0 || (await this.#copied(name)))
    return { setup: { ...setup, rewrite }, opened }
  }

  /** Whether there is a copy from before a file is written anew. It can go on as it is, so no copy is no reason not to open it. */
  async #copied(name: DatabaseName): Promise<boolean> {
    const { copies, logger } = this.#options
    try {
      await copies.take(name, 'before-risk')
      logger.info(
        `The file of the ${name} database is written anew, so that it can shrink; a copy from before was kept.`,
      )
      return true
    } catch (error) {
      logger.warn(`The file of the ${name} database cannot shrink yet: ${reasonOf(error)}`)
      return false
    }
  }

  #setup(record: RecoveryRecord, path: string, found: Usable, continueFrom: number | null): DatabaseSetup {
    const isItself = path === this.#path(record.name)
    const versions = found.state === 'empty' ? {} : found.versions
    const pending = pendingMigrations(record.name, versions, this.#options.schemas[record.name])
    return {
      path,
      isNew: found.state === 'empty',
      pending,
      at: this.#options.clock.wall(),
      continueFrom,
      rewrite: false,
      rescueTo: isItself ? join(this.#options.directory, 'copies') : null,
      round: isItself ? (this.#options.record.lastRound(record.name)?.round ?? 0) : null,
    }
  }

  #limitSentence(name: DatabaseName, damage: string, waitMs: number): string {
    const { clock, zone } = this.#options
    const again = timeIn(zone, clock.wall() + waitMs)
    return `The ${name} database is damaged (${damage}) and was replaced ${recoveryLimit.count} times within a day already, so it is left as it is, untouched. Something goes on damaging it, most likely the disk or the memory of this PC. It is recovered when you order it, or when the site is opened after ${again}.`
  }

  #path(name: DatabaseName): string {
    return join(this.#options.directory, `${name}.db`)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
