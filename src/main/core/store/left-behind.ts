import { join } from 'node:path'
import type { Clock, Logger, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Copies } from './copies.ts'
import { bestCopy } from './copy-check.ts'
import type { CheckKind, CheckResult, LogDamage } from './database-answer.ts'
import { checkDatabase } from './database-tool.ts'
import { logSentence, lostLogSentence } from './log-sentence.ts'
import { patiently } from './patience.ts'
import type { Quarantine } from './quarantine.ts'
import type { RecoveryRecord } from './recovery-record.ts'
import type { LostInterval } from './recovery-sentence.ts'
import { sequencesFrom } from './sequences.ts'
import type { StoreRecord } from './store-record.ts'
import type { StoreReports } from './store-reports.ts'
import type { DatabaseName, OpenedAs, Schema } from './types.ts'

export interface LeftBehindOptions {
  /** The `.wheelhouse` folder. */
  readonly directory: string
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly copies: Copies
  readonly quarantine: Quarantine
  readonly reports: StoreReports
  readonly record: StoreRecord
  /** The machine's start, to tell a kill from a power cut. */
  readonly boot: string
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly zone: string
}

/** What is wrong with it; or how it may be opened, with everything told that is missing. */
export type Verdict = { readonly damage: string } | { readonly opened: OpenedAs }

const logSpoiled = 'its write-ahead log is damaged'
const logGone = 'its write-ahead log was taken away, or an older file lies in its place'
/** So long copies are looked at for one that holds more than a database without its log. Milliseconds. */
const copiesWithinMs = 120_000

/** Databases that a console could not close properly: whether they are whole, and what went missing with their logs. */
export class LeftBehind {
  readonly #options: LeftBehindOptions

  constructor(options: LeftBehindOptions) {
    this.#options = options
  }

  /**
   * Whether the log of a database had begun rounds that the database, which knows of `round`, knows nothing of. What a recovery has
   * just put there does not know them either.
   */
  lacksLog({ name, state }: RecoveryRecord, round: number): boolean {
    return state.continueFrom === null && round < (this.#options.record.lastRound(name)?.round ?? 0)
  }

  /**
   * Checks one that was last written at `writtenAt`, its log as well. Without its log it is whole as of the last time that this was
   * carried over; but a copy may hold more, and takes its place then.
   */
  async examine(record: RecoveryRecord, found: { lacksLog: boolean; writtenAt: number }): Promise<Verdict> {
    const { record: store } = this.#options
    const { name } = record
    const checked = await this.#check(name, found.lacksLog ? 'full' : 'quick')
    if (checked) await store.noteCheck(name, found.lacksLog || checked.log ? 'full' : 'quick', checked)
    if (checked && !checked.ok) return { damage: checked.problems.slice(0, 3).join('; ') }
    const newest = checked?.newest ?? null
    if (found.lacksLog && (await this.#copyHoldsMore(name, newest)))
      return { damage: checked?.log ? logSpoiled : logGone }
    if (checked?.log) {
      await this.#tellDamagedLog(record, checked.log, newest)
      return { opened: { how: 'after an unclean exit', log: checked.log } }
    }
    if (!found.lacksLog) return { opened: { how: 'after an unclean exit' } }
    return { opened: { how: 'after an unclean exit', lost: await this.#tellLostLog(record, newest, found.writtenAt) } }
  }

  async #copyHoldsMore(name: DatabaseName, newest: number | null): Promise<boolean> {
    const { clock } = this.#options
    const { copy } = await bestCopy(name, this.#options, { clock, withinMs: copiesWithinMs })
    return (copy?.newest ?? 0) > (newest ?? 0)
  }

  /**
   * Null when no answer could be had, which is no sign of damage: the console must come up, and a later opening checks again. It is
   * asked for more than once, because whoever opens the database after this removes a damaged log that nobody was told of.
   */
  async #check(name: DatabaseName, kind: CheckKind): Promise<CheckResult | null> {
    const { directory, runtime, schemas, quarantine, clock, logger } = this.#options
    const path = join(directory, `${name}.db`)
    const folder = quarantine.nameFor(`${name}-log`, clock.wall())
    const check = () =>
      checkDatabase(runtime, path, {
        kind,
        timeoutMs: 120_000,
        newest: schemas[name].flatMap(({ newest }) => newest ?? []),
        keepLogIn: join(quarantine.pathOf(folder), `${name}.db-wal`),
      })
    try {
      return await patiently(check, hadNoAnswer)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      logger.warn(`The database ${path} was not closed properly, and could not be checked: ${reason}`)
      return null
    }
  }

  async #tellDamagedLog(record: RecoveryRecord, damage: LogDamage, newest: number | null): Promise<void> {
    const { quarantine, reports, record: store, clock, boot, zone, logger } = this.#options
    const { name } = record
    const sameBoot = store.bootBefore === boot
    const { message, certain } = logSentence({ name, damage, newest, sameBoot, zone })
    logger.error(message)
    if (damage.kept !== null) {
      const folder = join(damage.kept, '..')
      const why = {
        database: `${name} (its log)`,
        at: clock.wall(),
        seenMs: store.seenMs(),
        why: message,
        outcome: null,
      }
      await quarantine
        .describe(folder.slice(quarantine.pathOf('').length), why)
        .catch((error: unknown) => logger.warn('A damaged log was kept, but not described.', { error: String(error) }))
    }
    const data = { database: name, certain, ...damage, from: newest }
    await reports.add(record, { kind: 'log-damaged', message, data }, this.#sequencesGoOn(record))
  }

  async #tellLostLog(record: RecoveryRecord, from: number | null, writtenAt: number): Promise<LostInterval> {
    const { reports, record: store, clock, zone, logger } = this.#options
    const { name } = record
    const signsOfLife = [writtenAt, store.lastRound(name)?.at ?? 0, store.writtenBefore ?? 0]
    const lost = { from, to: Math.max(from ?? 0, Math.min(clock.wall(), Math.max(...signsOfLife))) }
    const message = lostLogSentence({ name, zone, ...lost })
    logger.error(message)
    const data = { database: name, lost }
    await reports.add(record, { kind: 'log-lost', message, data }, this.#sequencesGoOn(record))
    return lost
  }

  /** For a database that lacks records whose sequences were given already. */
  #sequencesGoOn({ state }: RecoveryRecord) {
    const continueFrom = sequencesFrom(this.#options.clock.wall(), state.highest)
    return { continueFrom, highest: continueFrom }
  }
}

/** Whether a check failed for its own sake: its process ended, or its disk refused something. Not when it ran out of time. */
function hadNoAnswer(error: unknown): boolean {
  return error instanceof ConsoleError && error.problem.code === 'database-copy-failed'
}
