import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type Logger, type Runtime, syncFolder } from '#core/platform/index.ts'
import { copyDatabase } from './database-tool.ts'
import type { DatabaseName } from './types.ts'

/** Why a copy was taken: to go back to before an upgrade, or to have a good one when the database is damaged. */
export type CopyReason = 'before-upgrade' | 'daily'

/** A copy of one of the console's own databases in `.wheelhouse/copies/`. */
export interface DatabaseCopy {
  readonly database: DatabaseName
  readonly reason: CopyReason
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly file: string
}

const day = 24 * 60 * 60 * 1_000
const keptPerReason = 2

/** The file name of a copy, readable by people: `control.daily.2026-01-05T08-30-00-000Z.db`. */
export function copyName(copy: Omit<DatabaseCopy, 'file'>): string {
  return `${copy.database}.${copy.reason}.${fileTime(copy.at)}.db`
}

/** A time as a part of file names, on every file system. */
export function fileTime(at: number): string {
  return new Date(at).toISOString().replaceAll(/[:.]/g, '-')
}

/** The copies among file names, newest first; other names are ignored. */
export function copiesAmong(names: readonly string[]): readonly DatabaseCopy[] {
  return names
    .flatMap((file): DatabaseCopy[] => {
      const parts = /^(control|messages)\.(before-upgrade|daily)\.(.{10})T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.db$/.exec(file)
      if (!parts) return []
      const [, database, reason, date, hour, minute, second, ms] = parts
      const at = Date.parse(`${date}T${hour}:${minute}:${second}.${ms}Z`)
      if (Number.isNaN(at)) return []
      return [
        {
          database: database === 'control' ? 'control' : 'messages',
          reason: reason === 'daily' ? 'daily' : 'before-upgrade',
          at,
          file,
        },
      ]
    })
    .sort((a, b) => b.at - a.at)
}

/** The copies that need not be kept: of each database and reason all but the two newest. */
export function copiesToGiveUp(copies: readonly DatabaseCopy[]): readonly DatabaseCopy[] {
  const seen = new Map<string, number>()
  return [...copies]
    .sort((a, b) => b.at - a.at)
    .filter(({ database, reason }) => {
      const key = `${database}.${reason}`
      const count = (seen.get(key) ?? 0) + 1
      seen.set(key, count)
      return count > keptPerReason
    })
}

/** The folder of copies of one store. */
export class Copies {
  readonly #folder: string
  readonly #runtime: Runtime

  constructor(folder: string, runtime: Runtime) {
    this.#folder = folder
    this.#runtime = runtime
  }

  /** Newest first. */
  async list(database: DatabaseName): Promise<readonly DatabaseCopy[]> {
    return (await this.#all()).filter((copy) => copy.database === database)
  }

  pathOf(copy: DatabaseCopy): string {
    return join(this.#folder, copy.file)
  }

  /** Takes a checked copy of a database file, then gives up those beyond what is kept. Rejects as `copyDatabase` does. */
  async take(path: string, copy: Omit<DatabaseCopy, 'file'>, signal?: AbortSignal): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const to = join(this.#folder, copyName(copy))
    // It gets its name when it is whole and checked; what a killed console left half done is swept here.
    for (const file of await readdir(this.#folder)) {
      if (file.endsWith('.part')) await rm(join(this.#folder, file), { force: true })
    }
    await copyDatabase(this.#runtime, { from: path, to: `${to}.part`, ...(signal && { signal }) })
    await rename(`${to}.part`, to)
    await syncFolder(this.#folder)
    for (const old of copiesToGiveUp(await this.#all())) await rm(this.pathOf(old), { force: true })
  }

  async #all(): Promise<readonly DatabaseCopy[]> {
    return copiesAmong(await readdir(this.#folder).catch(() => []))
  }
}

/** Takes a copy of the control database once a day while the store is open, the first soon after opening when one is due. */
export class DailyCopy implements AsyncDisposable {
  readonly #options: { copies: Copies; path: string; clock: Clock; logger: Logger; firstAfterMs: number }
  readonly #stop = new AbortController()
  #timer: Disposable
  #running: Promise<void> = Promise.resolve()

  constructor(options: { copies: Copies; path: string; clock: Clock; logger: Logger; firstAfterMs: number }) {
    this.#options = options
    this.#timer = this.#in(options.firstAfterMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    this.#stop.abort(new Error('The store is closing.'))
    await this.#running
  }

  #in(ms: number): Disposable {
    return this.#options.clock.after(ms, () => {
      this.#running = this.#takeWhenDue().then((nextInMs) => {
        if (!this.#stop.signal.aborted) this.#timer = this.#in(nextInMs)
      })
    })
  }

  /** Resolves with the milliseconds until the next attempt. */
  async #takeWhenDue(): Promise<number> {
    const { copies, path, clock, logger } = this.#options
    try {
      const newest = (await copies.list('control')).find(({ reason }) => reason === 'daily')
      const age = newest ? clock.wall() - newest.at : day
      // A copy from the future comes of a clock that was set back; it says nothing about its age.
      if (age >= 0 && age < day) return day - age
      const at = clock.wall()
      await copies.take(path, { database: 'control', reason: 'daily', at }, this.#stop.signal)
      return day
    } catch (error) {
      if (this.#stop.signal.aborted) return day
      const why = error instanceof Error ? error.message : String(error)
      logger.warn(`The daily copy of the control database could not be taken: ${why}`)
      return day / 24
    }
  }
}
