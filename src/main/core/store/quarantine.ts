import { existsSync, lstatSync } from 'node:fs'
import { lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Logger, syncFolder, writeDurably } from '#core/platform/index.ts'
import { fileTime } from './copies.ts'
import { readOwnText, timeSchema, toldText } from './own-text.ts'
import type { DatabaseName } from './types.ts'

/** How long damaged files are kept, in time that the console has seen pass. Milliseconds. */
export const quarantineKeptMs = 14 * 24 * 60 * 60 * 1_000

const whySchema = z.object({
  database: toldText(64),
  /** When it was set aside, wall-clock milliseconds, and how much time the console had seen pass by then. */
  at: timeSchema,
  seenMs: z.number(),
  why: toldText(2_000),
  /** What became of it; null until that is known. */
  outcome: toldText(2_000).nullable(),
})
type Why = z.infer<typeof whySchema>

/** Damaged files in a folder of `.wheelhouse/quarantine/`. */
export interface Quarantined {
  readonly folder: string
  readonly database: string
  readonly at: number
  /** Until when they are kept if the console runs on as it should. Wall-clock milliseconds. */
  readonly until: number
  readonly bytes: number
  readonly why: string
}

export const databaseEndings = ['-journal', '-shm', '-wal', ''] as const

/** The folder of damaged files. Nothing in it is opened by this process. */
export class Quarantine {
  readonly #path: string
  readonly #logger: Logger

  constructor(path: string, logger: Logger) {
    this.#path = path
    this.#logger = logger
  }

  pathOf(folder: string): string {
    return join(this.#path, folder)
  }

  /** A name that no folder has yet. */
  nameFor(what: DatabaseName | `${DatabaseName}-log`, at: number): string {
    const name = `${fileTime(at)}-${what}`
    for (let count = 1; ; count++) {
      const candidate = count === 1 ? name : `${name}-${count}`
      if (!existsSync(this.pathOf(candidate))) return candidate
    }
  }

  /** Says what is in a folder, before anything is put there. Makes the folder. */
  async describe(folder: string, why: Why): Promise<void> {
    await mkdir(this.pathOf(folder), { recursive: true, mode: 0o700 })
    // A link would have the damaged files moved to where it leads.
    if (!(await lstat(this.pathOf(folder))).isDirectory()) throw new Error(`${this.pathOf(folder)} is no folder`)
    await writeDurably(join(this.pathOf(folder), 'why.json'), `${JSON.stringify(why, null, 2)}\n`)
    await syncFolder(this.#path)
  }

  /** Adds what became of it. */
  async conclude(folder: string, outcome: string): Promise<void> {
    const why = await this.#whyOf(folder)
    if (why) await this.describe(folder, { ...why, outcome })
  }

  /**
   * Moves a database with everything that belongs to it into a folder, by renames only, the database last. Doing it again does
   * no harm. `as` is its name there.
   */
  async take(path: string, folder: string, as: string): Promise<void> {
    for (const ending of databaseEndings) {
      // A link that leads nowhere is moved as well.
      if (lstatSync(`${path}${ending}`, { throwIfNoEntry: false }))
        await rename(`${path}${ending}`, join(this.pathOf(folder), `${as}${ending}`))
    }
    await syncFolder(this.pathOf(folder))
  }

  /** Newest first. */
  async list(now: number, seenMs: number): Promise<readonly Quarantined[]> {
    const listed: Quarantined[] = []
    for (const folder of await readdir(this.#path).catch(() => [])) {
      const why = await this.#whyOf(folder)
      if (!why) continue
      const left = quarantineKeptMs - (seenMs - why.seenMs)
      const until = now + Math.max(0, left)
      const path = this.pathOf(folder)
      listed.push({
        folder: path,
        database: why.database,
        at: why.at,
        until,
        bytes: await bytesIn(path),
        why: why.outcome ?? why.why,
      })
    }
    return listed.sort((a, b) => b.at - a.at)
  }

  /** Removes what was kept for long enough. Resolves with the folders that are gone. */
  async sweep(now: number, seenMs: number): Promise<readonly string[]> {
    const removed: string[] = []
    for (const folder of await readdir(this.#path).catch(() => [])) {
      const why = await this.#whyOf(folder)
      if (!why) await this.#adopt(folder, now, seenMs)
      else if (seenMs - why.seenMs >= quarantineKeptMs) {
        await rm(this.pathOf(folder), { recursive: true, force: true })
        removed.push(folder)
      }
    }
    return removed
  }

  /** The most time that any folder says had been seen when it was filled. */
  async leastSeenMs(): Promise<number> {
    const folders = await readdir(this.#path).catch(() => [])
    const seen = await Promise.all(folders.map(async (folder) => (await this.#whyOf(folder))?.seenMs ?? 0))
    return Math.max(0, ...seen)
  }

  /** A folder that an earlier version left: its time begins when it is first seen. */
  async #adopt(folder: string, now: number, seenMs: number): Promise<void> {
    const named = /^(.{10}T\d\d-\d\d-\d\d-\d{3}Z)-((?:control|messages)(?![a-z0-9])|[a-z][a-z0-9-]*)/.exec(folder)
    if (!named) return
    const text = await readOwnText(join(this.pathOf(folder), 'why.txt')).catch(() => 'It was damaged.')
    await this.describe(folder, {
      database: named[2] ?? 'control',
      at: now,
      seenMs,
      why: text.trim(),
      outcome: null,
    }).catch((error: unknown) =>
      this.#logger.warn('A quarantined folder could not be described.', { folder, error: String(error) }),
    )
  }

  async #whyOf(folder: string): Promise<Why | null> {
    try {
      return whySchema.parse(JSON.parse(await readOwnText(join(this.pathOf(folder), 'why.json'))))
    } catch {
      return null
    }
  }
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  }
  return bytes
}
