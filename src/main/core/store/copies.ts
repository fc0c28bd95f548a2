import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type Runtime, syncFolder, timeIn, writeDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sizeInWords } from '#shared/size-words.ts'
import { copyDatabase, noOwnTables } from './database-tool.ts'
import { readOwnText } from './own-text.ts'
import type { DatabaseName } from './types.ts'

/** Why a copy was taken. Each reason has its own number of copies that are kept, so that none pushes out another. */
export type CopyReason = 'scheduled' | 'before-upgrade' | 'before-risk' | 'by-operator'

/** How many copies of each database are kept. */
export const copiesKept: Readonly<Record<CopyReason, number>> = {
  scheduled: 4,
  'before-upgrade': 2,
  'before-risk': 2,
  'by-operator': 2,
}

/** A copy of one of the console's own databases in `.wheelhouse/copies/`. */
export interface DatabaseCopy {
  readonly database: DatabaseName
  readonly reason: CopyReason
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly file: string
}

/** Room that is left to the site and to the database itself. Bytes. */
const reservedBytes = 64 * 1024 * 1024

/** The file name of a copy, readable by people: `control.scheduled.2026-01-05T08-30-00-000Z.db`. */
export function copyName(copy: Omit<DatabaseCopy, 'file'>): string {
  return `${copy.database}.${copy.reason}.${fileTime(copy.at)}.db`
}

/** A time as a part of file names, on every file system. */
export function fileTime(at: number): string {
  return new Date(at).toISOString().replaceAll(/[:.]/g, '-')
}

/**
 * The copies among file names, newest first; other names are ignored. Those from the future come last, because a clock that was
 * once set ahead says nothing about when they were taken.
 */
export function copiesAmong(names: readonly string[], now: number): readonly DatabaseCopy[] {
  return newestFirst(
    names.flatMap((file) => copyIn(file) ?? []),
    now,
  )
}

function newestFirst(copies: readonly DatabaseCopy[], now: number): readonly DatabaseCopy[] {
  const isAhead = ({ at }: DatabaseCopy) => (at > now ? 1 : 0)
  return [...copies].sort((a, b) => isAhead(a) - isAhead(b) || b.at - a.at)
}

function copyIn(file: string): DatabaseCopy | null {
  const parts = /^(control|messages)\.([a-z-]+)\.(.{10})T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.db$/.exec(file)
  if (!parts) return null
  const [, database, named = '', date, hour, minute, second, ms] = parts
  const at = Date.parse(`${date}T${hour}:${minute}:${second}.${ms}Z`)
  const reason = reasonNamed(named)
  if (Number.isNaN(at) || !reason) return null
  return { database: database === 'control' ? 'control' : 'messages', reason, at, file }
}

function reasonNamed(name: string): CopyReason | undefined {
  if (name === 'daily') return 'scheduled' // what earlier versions called it
  const reasons: readonly CopyReason[] = ['scheduled', 'before-upgrade', 'before-risk', 'by-operator']
  return reasons.find((reason) => reason === name)
}

/** The copies that need not be kept: of each database and reason all but the newest {@link copiesKept}, those from the future first. */
export function copiesToGiveUp(copies: readonly DatabaseCopy[], now: number): readonly DatabaseCopy[] {
  const seen = new Map<string, number>()
  return newestFirst(copies, now).filter(({ database, reason }) => {
    const key = `${database}.${reason}`
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    return count > copiesKept[reason]
  })
}

export interface CopiesOptions {
  /** The `.wheelhouse` folder: the databases lie in it, their copies in its folder `copies`. */
  readonly directory: string
  readonly runtime: Runtime
  readonly clock: Clock
  readonly zone: string
  /** Why a database must not be copied at present: what runs in its place is not it. Null when it may be. */
  readonly withheld: (database: DatabaseName) => string | null
}

/** What copies there are of a database. */
export interface CopiesSummary {
  readonly count: number
  readonly newestAt: number | null
  readonly bytes: number
}

/** The copies of one store. One is taken at a time. */
export class Copies {
  readonly #options: CopiesOptions
  readonly #folder: string
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: CopiesOptions) {
    this.#options = options
    this.#folder = join(options.directory, 'copies')
  }

  /** Newest first. */
  async list(database: DatabaseName): Promise<readonly DatabaseCopy[]> {
    return (await this.#all()).filter((copy) => copy.database === database)
  }

  async summary(database: DatabaseName): Promise<CopiesSummary> {
    const copies = await this.list(database)
    const sizes = await Promise.all(
      copies.map(async (copy) => (await stat(this.pathOf(copy)).catch(() => null))?.size ?? 0),
    )
    return { count: copies.length, newestAt: copies[0]?.at ?? null, bytes: sizes.reduce((sum, size) => sum + size, 0) }
  }

  pathOf(copy: DatabaseCopy): string {
    return join(this.#folder, copy.file)
  }

  /**
   * Whether a database has not been written since its newest copy of any reason was taken, so that another would be the same.
   * Told from sizes and times of the files, which are not opened.
   */
  async isUnchanged(database: DatabaseName): Promise<boolean> {
    try {
      const [newest] = await this.list(database)
      if (!newest) return false
      const noted: unknown = JSON.parse(await readOwnText(this.#notePath(database)))
      return JSON.stringify(noted) === JSON.stringify({ of: newest.file, ...(await this.#signature(database)) })
    } catch {
      return false
    }
  }

  /**
   * Takes a copy of a database, live or not: opened and checked before it counts; then gives up those beyond what is kept.
   * Rejects with a ConsoleError (`store-copy-no-room`, `store-copy-withheld`, `store-copy-failed` with what the file system said,
   * or as {@link copyDatabase} does) or with the signal's reason; nothing half done is left.
   */
  take(database: DatabaseName, reason: CopyReason, signal?: AbortSignal): Promise<DatabaseCopy> {
    const taken = this.#last
      .then(() => this.#take(database, reason, signal))
      .catch((error: unknown) => {
        signal?.throwIfAborted()
        throw error instanceof ConsoleError ? error : failedCopy(database, this.#folder, error)
      })
    this.#last = taken.catch(() => {})
    return taken
  }

  async #take(database: DatabaseName, reason: CopyReason, signal: AbortSignal | undefined): Promise<DatabaseCopy> {
    signal?.throwIfAborted()
    const withheld = this.#options.withheld(database)
    if (withheld !== null) throw withheldCopy(database, withheld)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await this.#sweep()
    await this.#assertRoom(database)
    const signature = await this.#signature(database)
    const draft = { database, reason, at: await this.#timeFor(database, reason) }
    const copy: DatabaseCopy = { ...draft, file: copyName(draft) }
    // It gets its name when it is whole and checked.
    const part = `${this.pathOf(copy)}.part`
    const { versions } = await copyDatabase(this.#options.runtime, {
      from: this.#databasePath(database),
      to: part,
      ...(signal && { signal }),
    })
    if (versions === null) {
      await rm(part, { force: true })
      throw strangeFile(database, this.#databasePath(database))
    }
    await rename(part, this.pathOf(copy))
    await syncFolder(this.#folder)
    for (const old of copiesToGiveUp(await this.#all(), copy.at)) await rm(this.pathOf(old), { force: true })
    await writeDurably(this.#notePath(database), JSON.stringify({ of: copy.file, ...signature })).catch(() => {})
    return copy
  }

  /** What a killed console left half done. */
  async #sweep(): Promise<void> {
    for (const file of await readdir(this.#folder)) {
      if (/\.part(-wal|-shm|-journal)?$/.test(file)) await rm(join(this.#folder, file), { force: true })
    }
  }

  async #assertRoom(database: DatabaseName): Promise<void> {
    const { db, wal } = await this.#signature(database)
    const needed = db.size + wal.size
    const { bavail, bsize } = await statfs(this.#folder)
    const free = bavail * bsize
    if (free >= needed + reservedBytes) return
    throw new ConsoleError(
      'store-copy-no-room',
      `No copy of the console's ${database} database was taken: it needs ${sizeInWords(needed)}, ${sizeInWords(free)} are free, and ${sizeInWords(reservedBytes)} are left to the site.`,
      'Make room on the disk of the site; scheduled copies go on by themselves then.',
      { params: { database, needed, free }, retryable: true },
    )
  }

  /** Now, or just after the newest copy of this reason when it was taken in the same millisecond. */
  async #timeFor(database: DatabaseName, reason: CopyReason): Promise<number> {
    const taken = new Set((await this.list(database)).filter((copy) => copy.reason === reason).map(({ at }) => at))
    let at = this.#options.clock.wall()
    while (taken.has(at)) at++
    return at
  }

  async #signature(database: DatabaseName) {
    const of = async (path: string) => {
      const found = await stat(path).catch(() => null)
      return { size: found?.size ?? 0, at: found && found.size > 0 ? found.mtimeMs : 0 }
    }
    const path = this.#databasePath(database)
    return { db: await of(path), wal: await of(`${path}-wal`) }
  }

  #databasePath(database: DatabaseName): string {
    return join(this.#options.directory, `${database}.db`)
  }

  #notePath(database: DatabaseName): string {
    return join(this.#folder, `${database}.copied.json`)
  }

  async #all(): Promise<readonly DatabaseCopy[]> {
    return copiesAmong(await readdir(this.#folder).catch(() => []), this.#options.clock.wall())
  }

  /** A copy in words: "the copy of 5 Jan 2026, 16:00". */
  nameOf(copy: Pick<DatabaseCopy, 'at'>): string {
    return `the copy of ${timeIn(this.#options.zone, copy.at)}`
  }
}

function failedCopy(database: DatabaseName, folder: string, error: unknown): ConsoleError {
  return new ConsoleError(
    'store-copy-failed',
    `No copy of the console's ${database} database was taken, because its folder ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
    'Check that the folder is one, that this user may write to it, and that its disk is healthy; scheduled copies go on by themselves then.',
    { params: { database, folder }, retryable: true, cause: error },
  )
}

/** A copy of it would push out a good one. */
function strangeFile(database: DatabaseName, path: string): ConsoleError {
  return new ConsoleError(
    'database-damaged',
    `No copy of the console's ${database} database was taken: ${noOwnTables} (${path}).`,
    'The console sets it aside and puts a good one in its place by itself; try again in a moment.',
    { params: { database, path } },
  )
}

function withheldCopy(database: DatabaseName, why: string): ConsoleError {
  return new ConsoleError(
    'store-copy-withheld',
    `No copy of the console's ${database} database is taken: ${why}.`,
    'Recover the database first; copies are taken again then.',
    { params: { database } },
  )
}
