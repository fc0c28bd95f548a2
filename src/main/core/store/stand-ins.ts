import { constants, existsSync } from 'node:fs'
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { copyDatabase } from './database-tool.ts'
import { type Found, inspect } from './opening.ts'
import { patiently } from './patience.ts'
import { databaseEndings, type Quarantine } from './quarantine.ts'
import type { RecoveryRecord } from './recovery-record.ts'
import { sequencesFrom } from './sequences.ts'
import { failureOf, mayPass, storeError } from './sqlite-failure.ts'
import { highestIn, standInPath, standInPaths, standInsOf, tryRoom } from './stand-in.ts'
import type { StoreRecord } from './store-record.ts'
import type { StoreReports } from './store-reports.ts'
import type { DatabaseName } from './types.ts'

export interface StandInsOptions {
  /** The `.wheelhouse` folder. */
  readonly directory: string
  readonly quarantine: Quarantine
  readonly reports: StoreReports
  readonly record: StoreRecord
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

export interface StandInFile {
  readonly path: string
  readonly found: Exclude<Found, { state: 'damaged' }>
  /** Its sequences lie above this one. */
  readonly continueFrom: number
}

/** The files that take a database's place while it cannot be used: how they begin, and what becomes of what was recorded in them. */
export class StandIns {
  readonly #options: StandInsOptions

  constructor(options: StandInsOptions) {
    this.#options = options
  }

  /** Makes one, or goes on with the one that there is. Rejects when no disk takes one. */
  async begin(record: RecoveryRecord, why: string, damage: string | null): Promise<StandInFile> {
    const { clock, logger, reports } = this.#options
    const { name, state } = record
    const since = state.standIn?.since ?? clock.wall()
    logger.error(why)
    const { path, found, isAnother } = await this.#usable(record)
    // Its sequences lie above all others, and those of what follows it above its own.
    // What one that cannot be opened has given is not known: another begins well above it, whatever became of the clock.
    const continueFrom = isAnother ? sequencesFrom(clock.wall(), state.highest) : Math.max(clock.wall(), state.highest)
    const change = { standIn: { since, why, damage }, highest: continueFrom }
    if (state.standIn) await record.changeIfPossible(change, logger)
    else {
      const message = `${why} A stand-in takes its place.`
      await reports.add(record, { kind: 'stand-in', message, data: { database: name, damage } }, change)
    }
    return { path, found, continueFrom }
  }

  /**
   * The first that can be opened. One that is damaged is set aside for a new one; one whose disk refuses it stays where it is, and
   * one on another disk goes on: what is in either is kept.
   */
  async #usable(
    record: RecoveryRecord,
  ): Promise<Pick<StandInFile, 'path' | 'found'> & { readonly isAnother: boolean }> {
    const { directory, logger } = this.#options
    const { name } = record
    const refused = new Map<string, unknown>()
    const damaged = new Set<string>()
    for (;;) {
      const path = await standInPath(directory, name, refused)
      try {
        const found = await patiently(() => inspect(name, path), mayPass)
        if (found.state !== 'damaged') return { path, found, isAnother: refused.size > 0 }
        if (damaged.has(path)) refused.set(path, storeError(name, { code: 'SQLITE_CORRUPT', message: found.reason }))
        damaged.add(path)
        await this.setAside(record, found.reason)
      } catch (error) {
        logger.warn(`The stand-in ${path} cannot be opened.`, { error: String(error) })
        refused.set(path, error instanceof ConsoleError ? error : storeError(name, failureOf(error)))
      }
    }
  }

  /** Whether no damage of the original is known, and the disk lets it be read and written again. Changes nothing. */
  async mayEnd({ name, state }: RecoveryRecord): Promise<boolean> {
    if (!state.standIn || state.standIn.damage !== null) return false
    const { directory } = this.#options
    try {
      await tryRoom(directory)
      for (const ending of databaseEndings) {
        const path = join(directory, `${name}.db${ending}`)
        if (existsSync(path)) await access(path, constants.R_OK | constants.W_OK)
      }
      inspect(name, join(directory, `${name}.db`))
      return true
    } catch {
      return false
    }
  }

  /**
   * The original can be used after all: what was recorded meanwhile is kept beside it. Also for a stand-in of which nothing is on
   * record, because its disk took nothing more while it ran.
   */
  async end(record: RecoveryRecord): Promise<void> {
    const { reports, clock, logger, directory } = this.#options
    const { name } = record
    const found = await standInsOf(directory, name)
    if (!record.state.standIn && found.length === 0) return
    const highest = Math.max(record.state.highest, ...found.map(highestIn))
    const why = `The ${name} database can be used again.`
    // What a kill finds done by half must be on record.
    if (!record.state.standIn)
      await record.changeIfPossible({ standIn: { since: clock.wall(), why, damage: null }, highest }, logger)
    const places = await this.setAside(record, why)
    const tail =
      places.length === 0
        ? ''
        : ` What was recorded in its stand-in meanwhile is not in it; the stand-in is kept in ${places.join(' and ')}.`
    const continueFrom = sequencesFrom(clock.wall(), highest)
    await reports.add(
      record,
      { kind: 'stand-in-ended', message: `${why}${tail}`, data: { database: name, places } },
      { standIn: null, continueFrom, highest: continueFrom },
    )
  }

  /**
   * What was recorded in stand-ins is kept for as long as damaged files are, in `folder` or one of its own. Resolves with every place
   * where something is that was recorded since the database has been out of use: folders, those of earlier attempts among them, and
   * files that had to stay where they are.
   */
  async setAside(record: RecoveryRecord, why: string, folder?: string): Promise<readonly string[]> {
    const { directory, quarantine, clock, logger } = this.#options
    const { name } = record
    const into = folder ?? quarantine.nameFor(name, clock.wall())
    const places = new Set<string>()
    for (const path of await standInsOf(directory, name)) {
      try {
        if (folder === undefined) await this.#describe(name, into, why)
        await this.#move(path, into, this.#nameThere(name, path))
        places.add(quarantine.pathOf(into))
      } catch (error) {
        logger.warn(`The stand-in ${path} could not be set aside; it stays where it is.`, { error: String(error) })
        places.add(path)
      }
    }
    // Somebody who was killed in the middle may have done it already.
    if (this.#isIn(quarantine.pathOf(into), name)) places.add(quarantine.pathOf(into))
    for (const before of await this.#setAsideBefore(record)) places.add(before)
    return [...places]
  }

  /** Whether a stand-in lies in a folder: one that could not be moved leaves only what was written about it. */
  #isIn(folder: string, name: DatabaseName): boolean {
    return standInPaths(this.#options.directory, name).some((path) =>
      existsSync(join(folder, this.#nameThere(name, path))),
    )
  }

  /** By where it lay, so that a move that was cut off goes on under the same name and never over another. */
  #nameThere(name: DatabaseName, path: string): string {
    const place = standInPaths(this.#options.directory, name).indexOf(path)
    return `${name}.stand-in${place > 0 ? `-${place + 1}` : ''}.db`
  }

  async #describe(name: DatabaseName, folder: string, why: string): Promise<void> {
    const { quarantine, clock, record } = this.#options
    const described = { at: clock.wall(), seenMs: record.seenMs(), why, outcome: null }
    await quarantine.describe(folder, { database: ownerOf(name), ...described })
  }

  /** Where those were put that were set aside since the database has been out of use, by whoever could not say so any more. */
  async #setAsideBefore({ name, state }: RecoveryRecord): Promise<readonly string[]> {
    const { quarantine, clock, record } = this.#options
    const since = state.standIn?.since
    if (since === undefined) return []
    const listed = await quarantine.list(clock.wall(), record.seenMs())
    return listed
      .filter(({ database, at, folder }) => database === ownerOf(name) && at >= since && this.#isIn(folder, name))
      .map(({ folder }) => folder)
  }

  /** By renames; from another disk by a copy, which is checked before the file itself goes. */
  async #move(path: string, folder: string, as: string): Promise<void> {
    const { quarantine, runtime } = this.#options
    try {
      await quarantine.take(path, folder, as)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
      const to = join(quarantine.pathOf(folder), as)
      // One that a killed console left half copied.
      for (const ending of databaseEndings) await rm(`${to}${ending}`, { force: true })
      await copyDatabase(runtime, { from: path, to })
      // The database first: what is left of it without that counts for nothing any more.
      for (const ending of databaseEndings.toReversed()) await rm(`${path}${ending}`, { force: true })
    }
  }
}

function ownerOf(name: DatabaseName): string {
  return `${name} (stand-in)`
}
