import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { processMark, writeDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { keys } from './layout.ts'
import { removeRemains } from './remains.ts'
import { isFull } from './storage-errors.ts'

export const ownerSchema = z.object({
  what: z.string(),
  hostname: z.string(),
  pid: z.number().int(),
  since: z.number(),
})
export type Owner = z.infer<typeof ownerSchema>

/** How long whoever has just taken a lock, or is about to give it back, may not have said who it is. Milliseconds. */
const unnamedMs = 10_000
const askAgainMs = 25

/**
 * Takes the right to write to a repository in a folder for this process, by an exclusive SQLite transaction that the system
 * ends with the process, however it ends: a lock can never be left behind. Empties `workFolder`. Rejects with
 * `repository-busy`, naming who has it. `pause`: waits so many milliseconds before it asks again.
 */
export async function lockFolder(
  folder: string,
  workFolder: string,
  what: string,
  pause: (ms: number) => Promise<void> = (ms) => setTimeout(ms),
): Promise<AsyncDisposable> {
  const ownerFile = join(folder, keys.owner)
  const database = await takeOrName(folder, ownerFile, pause)
  try {
    const owner = `${JSON.stringify(ownerNow(what))}\n`
    // First, for whoever is refused meanwhile: removing what an interrupted backup left may take a while.
    const named = await unlessFull(() => writeDurably(ownerFile, owner))
    await rm(workFolder, { recursive: true, force: true })
    await removeRemains(folder)
    await unlessFull(() => mkdir(workFolder, { mode: 0o700 }))
    if (!named) await unlessFull(() => writeDurably(ownerFile, owner))
  } catch (error) {
    database.close()
    throw error
  }
  return {
    async [Symbol.asyncDispose]() {
      if (!database.open) return
      await rm(ownerFile, { force: true }).catch(() => {})
      database.close()
    },
  }
}

/** The lock, as a database in a transaction. While who has it is not named, it is asked for again. */
async function takeOrName(
  folder: string,
  ownerFile: string,
  pause: (ms: number) => Promise<void>,
): Promise<Database.Database> {
  const until = performance.now() + unnamedMs
  for (;;) {
    const database = await take(join(folder, 'lock.db'))
    if (database) return database
    const recorded = await ownerIn(ownerFile)
    const owner = recorded && !hasEnded(recorded) ? recorded : undefined
    if (owner || performance.now() > until) throw busy(folder, owner)
    await pause(askAgainMs)
  }
}

/** Undefined when somebody else has it. */
async function take(path: string): Promise<Database.Database | undefined> {
  await makeFile(path)
  const database = new Database(path, { timeout: 500 })
  try {
    // The lock on a file without a page would write one, for which a full disk has no room: it is given one while there is.
    database.exec('CREATE TABLE IF NOT EXISTS held (one)')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (!(error instanceof Database.SqliteError)) throw error
    if (error.code.startsWith('SQLITE_BUSY')) return undefined
    throw isDamage(error) ? unusable(path, error) : error
  }
}

/** Whoever makes room on a full disk needs the lock first; it holds without a record of who has it, and without working files. */
async function unlessFull(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (isFull(error)) return false
    throw error
  }
}

/** Whether the record is of a process of this machine that is no more, and so cannot have the lock. */
function hasEnded(owner: Owner): boolean {
  return owner.hostname === hostname() && processMark(process.pid) !== null && processMark(owner.pid) === null
}

/** This process as the owner of a lock. */
export function ownerNow(what: string): Owner {
  return { what, hostname: hostname(), pid: process.pid, since: Date.now() }
}

function isDamage({ code }: { readonly code: string }): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(code)
}

/** A lock that SQLite cannot make sense of: it was read wrongly, or the file is damaged. */
function unusable(path: string, error: Error): ConsoleError {
  return new ConsoleError(
    'repository-lock-unusable',
    `The lock of the backups, ${path}, cannot be read (${error.message}). Nothing was written.`,
    'Check the disk or the cable and try again. If that does not help, delete this one file while no console works on these backups: nothing is lost by it.',
    { params: { file: path }, cause: error, retryable: true },
  )
}

/** The refusal of a lock that somebody else has. */
export function busy(place: string, owner: Owner | undefined): ConsoleError {
  const who = owner
    ? `process ${owner.pid} on ${owner.hostname} works on them (${owner.what}, since ${new Date(owner.since).toISOString()})`
    : 'another process works on them'
  return new ConsoleError(
    'repository-busy',
    `The backups in ${place} cannot be used for writing now: ${who}.`,
    'Wait until it has finished, or stop it, then try again.',
    { params: { folder: place, owner: owner ?? null }, retryable: true },
  )
}

/** Makes the file if it is not there; one that is there is not opened, because SQLite may hold it. */
async function makeFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

async function ownerIn(file: string): Promise<Owner | undefined> {
  return readFile(file, 'utf8')
    .then((text) => ownerSchema.parse(JSON.parse(text)))
    .catch(() => undefined)
}
