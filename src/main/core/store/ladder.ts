import { existsSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type CrashPoints, type Logger, newId, type Runtime, syncFolder } from '#core/platform/index.ts'
import type { Copies, DatabaseCopy } from './copies.ts'
import { newestInCopy } from './copy-check.ts'
import { checkDatabase, copyDatabase, salvageDatabase } from './database-tool.ts'
import { inspect } from './opening.ts'
import { patiently } from './patience.ts'
import { databaseEndings, type Quarantine } from './quarantine.ts'
import type { Choice, Intent, RecoveryRecord, ReplacedBy, StoreReport } from './recovery-record.ts'
import { lostInterval, recoverySentence } from './recovery-sentence.ts'
import { sequencesFrom } from './sequences.ts'
import type { StandIns } from './stand-ins.ts'
import type { StoreRecord } from './store-record.ts'
import type { DatabaseName, OpenedAs, Schema } from './types.ts'

export interface LadderOptions {
  /** The `.wheelhouse` folder. */
  readonly directory: string
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly copies: Copies
  readonly quarantine: Quarantine
  readonly standIns: StandIns
  readonly record: StoreRecord
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  /** The site's time zone, for sentences. */
  readonly zone: string
}

export type Replaced = Extract<OpenedAs, { how: 'replaced' }>

/**
 * How long the ladder may take at the most, so that copies that somebody planted cannot keep a site from being opened: all
 * copies together, and what is left for salvage in any case. A copy of 4 GB takes a slow disk some six minutes. Milliseconds.
 */
export const ladderBudgetMs = { copies: 10 * 60_000, salvage: 10 * 60_000 } as const

/**
 * What is done about a damaged database, step by step: an intent on record, then everything that belongs to it moved to
 * quarantine, then the newest good copy in its place, else what can be salvaged, else nothing. Each step can be
 * repeated, so that a kill at any moment is finished at the next start. Nothing is ever deleted, and no connection to the database may
 * be open in this process.
 */
export class Ladder {
  readonly #options: LadderOptions

  constructor(options: LadderOptions) {
    this.#options = options
  }

  /** Begins a recovery and carries it to its end. Rejects with the system's error when the disk does not let it. */
  async climb(record: RecoveryRecord, damage: string, by: ReplacedBy): Promise<Replaced> {
    const { clock, quarantine } = this.#options
    const at = clock.wall()
    const folder = quarantine.nameFor(record.name, at)
    const until = await this.#lastSignOfLife(record.name)
    const intent = { id: newId('rc'), at, by, damage, until, folder, phase: 'setting aside', choice: null } as const
    await record.change({ intent })
    this.#options.crashPoints.reach('store.recovery.after-intent')
    return this.#finish(record, intent)
  }

  /** Finishes a recovery that was begun. `by` is told when somebody orders what an earlier one could not finish. */
  async resume(record: RecoveryRecord, intent: Intent, by: ReplacedBy = intent.by): Promise<Replaced> {
    return this.#finish(record, { ...intent, by })
  }

  async #finish(record: RecoveryRecord, intent: Intent): Promise<Replaced> {
    let current = intent
    if (current.phase === 'setting aside') {
      await this.#setAside(record, current)
      current = { ...current, phase: 'replacing' }
      await record.change({ intent: current })
    }
    this.#options.crashPoints.reach('store.recovery.after-quarantine')
    const placed = current.choice !== null && this.#isPlaced(record.name, current.choice)
    const choice = placed && current.choice ? current.choice : await this.#choose(record, current)
    this.#options.crashPoints.reach('store.recovery.after-swap')
    return this.#conclude(record, current, choice)
  }

  async #setAside({ name }: RecoveryRecord, { folder, at, damage }: Intent): Promise<void> {
    const { directory, quarantine, record } = this.#options
    await quarantine.describe(folder, { database: name, at, seenMs: record.seenMs(), why: damage, outcome: null })
    await quarantine.take(join(directory, `${name}.db`), folder, `${name}.db`)
    await syncFolder(directory)
  }

  #isPlaced(name: DatabaseName, { source }: Choice): boolean {
    return source === 'empty' || existsSync(join(this.#options.directory, `${name}.db`))
  }

  async #choose(record: RecoveryRecord, intent: Intent): Promise<Choice> {
    const { directory, copies, clock, logger } = this.#options
    const part = join(directory, `${record.name}.db.part`)
    await this.#clear(part)
    const began = clock.monotonic()
    const left = () => ladderBudgetMs.copies - (clock.monotonic() - began)
    const listed = await copies.list(record.name)
    let tried = 0
    for (const copy of listed) {
      if (left() <= 0) break
      tried++
      const choice = await this.#prepareCopy(copy, part, left)
      if (choice) return this.#place(record, intent, choice, part)
    }
    const untried = listed.length - tried
    if (untried > 0) logger.warn(`${untried} copies of the ${record.name} database were not tried: the time was up.`)
    const salvaged = await this.#salvage(record.name, intent, part)
    return this.#place(record, intent, { ...(salvaged ?? { source: 'empty' }), untried }, part)
  }

  /**
   * Null when the copy is no good; rejects when there is no room for it, which says nothing about the copy. Nor does it say
   * anything that a file could not be opened: what is newer in this copy is not given up before that was tried again.
   */
  async #prepareCopy(copy: DatabaseCopy, part: string, left: () => number): Promise<Choice | null> {
    const { copies, runtime, logger, schemas } = this.#options
    try {
      return await patiently(async () => {
        const newest = await newestInCopy(copy, { copies, schemas, runtime }, { timeoutMs: left() })
        await this.#clear(part)
        await copyDatabase(runtime, { from: copies.pathOf(copy), to: part, timeoutMs: left() })
        const found = inspect(copy.database, part)
        if (found.state === 'damaged') throw new Error(found.reason)
        return { source: 'copy', copiedAt: copy.at, newest, untried: 0 }
      }, isRefusal)
    } catch (error) {
      if (isNoRoom(error)) throw error
      logger.warn(`The copy ${copy.file} cannot take the place of the damaged database: ${reasonOf(error)}`)
      return null
    }
  }

  async #salvage(name: DatabaseName, { folder }: Intent, part: string): Promise<Choice | null> {
    const { directory, quarantine, runtime, schemas, clock, logger } = this.#options
    const salvage = async (): Promise<Choice> => {
      const began = clock.monotonic()
      await this.#clear(part)
      const request = {
        from: join(quarantine.pathOf(folder), `${name}.db`),
        to: part,
        scratch: join(directory, 'recovery', `salvage-${name}`),
        schemas: schemas[name].map(({ owner, migrations }) => ({ owner, migrations: [...migrations] })),
        newest: newestOf(schemas[name]),
      }
      const { tables, means, newest } = await salvageDatabase(runtime, request, { timeoutMs: ladderBudgetMs.salvage })
      const left = ladderBudgetMs.salvage - (clock.monotonic() - began)
      const { ok, problems } = await checkDatabase(runtime, part, { timeoutMs: left })
      if (!ok) throw new Error(problems.join('; '))
      return { source: 'salvage', means, tables, newest, untried: 0 }
    }
    try {
      return await patiently(salvage, isRefusal)
    } catch (error) {
      if (isNoRoom(error)) throw error
      logger.warn(`Nothing of the damaged ${name} database could be salvaged: ${reasonOf(error)}`)
      await this.#clear(part)
      return null
    }
  }

  async #clear(part: string): Promise<void> {
    for (const ending of databaseEndings) await rm(`${part}${ending}`, { force: true })
  }

  /** The choice is on record before it is in place: a console that finds it there then knows what it is. */
  async #place(record: RecoveryRecord, intent: Intent, choice: Choice, part: string): Promise<Choice> {
    const { directory, crashPoints } = this.#options
    await record.change({ intent: { ...intent, phase: 'replacing', choice } })
    crashPoints.reach('store.recovery.before-swap')
    if (choice.source !== 'empty') {
      await rename(part, join(directory, `${record.name}.db`))
      await syncFolder(directory)
    }
    return choice
  }

  async #conclude(record: RecoveryRecord, intent: Intent, choice: Choice): Promise<Replaced> {
    const { clock, zone, quarantine, standIns, logger, directory } = this.#options
    const { name, state } = record
    const quarantined = quarantine.pathOf(intent.folder)
    const stoodIn = state.standIn !== null
    const places = await standIns.setAside(record, intent.damage, intent.folder)
    const lost = lostInterval(choice, intent.until)
    const message = recoverySentence({ name, intent, choice, quarantined, standIns: places, stoodIn, zone })
    const data = {
      database: name,
      by: intent.by,
      damage: intent.damage,
      source: choice.source,
      copiedAt: choice.source === 'copy' ? choice.copiedAt : null,
      salvaged: choice.source === 'salvage' ? choice.tables : null,
      lost,
      quarantined,
      standIns: places,
    }
    const continueFrom = sequencesFrom(clock.wall(), state.highest)
    await record.change({
      intent: null,
      standIn: null,
      continueFrom,
      highest: continueFrom,
      reports: [...state.reports, this.#report(intent, message, data)],
    })
    await quarantine.conclude(intent.folder, message).catch(() => {})
    // The recovery is done and on record: what cannot be tidied up now is cleared before the next one.
    await this.#clear(join(directory, `${name}.db.part`)).catch(() => {})
    logger.error(message, data)
    return {
      how: 'replaced',
      quarantined,
      reason: message,
      copiedAt: data.copiedAt,
      source: choice.source,
      lost,
      standIns: places,
    }
  }

  #report({ id, by }: Intent, message: string, data: Record<string, unknown>): StoreReport {
    const { clock, record } = this.#options
    return { id, kind: 'recovered', at: clock.wall(), seenMs: record.seenMs(), by, message, data, told: false }
  }

  /** When the database was last written, as its files say, and not after now. */
  async #lastSignOfLife(name: DatabaseName): Promise<number> {
    const now = this.#options.clock.wall()
    const path = join(this.#options.directory, `${name}.db`)
    const times = await Promise.all(
      ['', '-wal'].map(async (ending) => (await stat(`${path}${ending}`).catch(() => null))?.mtimeMs ?? 0),
    )
    const last = Math.round(Math.max(...times))
    return last > 0 ? Math.min(last, now) : now
  }
}

function newestOf(schemas: readonly Schema[]): string[] {
  return schemas.flatMap(({ newest }) => newest ?? [])
}

/** Whether a failure only says that the disk takes no more: then a good copy must not be passed over for it. */
export function isNoRoom(error: unknown): boolean {
  return codesOf(error).some((code) => /^(ENOSPC|EDQUOT|EROFS|EIO|SQLITE_FULL|SQLITE_IOERR)/.test(code))
}

/** Whether the system refused to open or change a file, which may be over a moment later and is no damage. */
function isRefusal(error: unknown): boolean {
  const refused = /^(EACCES|EPERM|EBUSY|EMFILE|ENFILE|EAGAIN|ENOMEM|SQLITE_(CANTOPEN|READONLY|PERM|NOMEM|BUSY|LOCKED))/
  return !isNoRoom(error) && codesOf(error).some((code) => refused.test(code))
}

/** The codes that a failure carries: its own, its cause's, and what the helper process told. */
function codesOf(error: unknown): readonly string[] {
  return [error, error instanceof Error ? error.cause : null].flatMap((one) => {
    if (!(one instanceof Error)) return []
    const own = 'code' in one ? [String(one.code)] : []
    const told = 'problem' in one && isProblem(one.problem) ? [String(one.problem.params.reason)] : []
    return [...own, ...told]
  })
}

function isProblem(value: unknown): value is { params: Record<string, unknown> } {
  return typeof value === 'object' && value !== null && 'params' in value && typeof value.params === 'object'
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
