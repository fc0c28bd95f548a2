import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'
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

/**
 * Takes the right to write to a repository in a folder for this process, by an exclusive SQLite transaction that the system
 * ends with the process, however it ends: a lock can never be left behind. Empties `workFolder`. Rejects with
 * `repository-busy`, naming who has it.
 */
export async function lockFolder(folder: string, workFolder: string, what: string): Promise<AsyncDisposable> {
  const path = join(folder, 'lock.db')
  const ownerFile = join(folder, keys.owner)
  await makeFile(path)
  const database = new Database(path, { timeout: 500 })
  try {
    // The lock on a file without a page would write one, for which a full disk has no room: it is given one while there is.
    database.exec('CREATE TABLE IF NOT EXISTS held (one)')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw busy(folder, await ownerIn(ownerFile))
    }
    throw error instanceof Database.SqliteError && isDamage(error) ? unusable(path, error) : error
  }
  try {
    await rm(workFolder, { recursive: true, force: true })
    await removeRemains(folder)
    await mkdir(workFolder, { mode: 0o700 })
    await writeDurably(ownerFile, `${JSON.stringify(ownerNow(what))}\n`)
  } catch (error) {
    // Whoever makes room on a full disk needs the lock first; it holds without a record of who has it, and without working files.
    if (!isFull(error)) {
      database.close()
      throw error
    }
  }
  return {
    async [Symbol.asyncDispose]() {
      if (!database.open) return
      await rm(ownerFile, { force: true }).catch(() => {})
      database.close()
    },
  }
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
