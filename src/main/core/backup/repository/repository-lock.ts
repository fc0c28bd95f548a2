import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Layout } from './layout.ts'

const ownerSchema = z.object({ what: z.string(), hostname: z.string(), pid: z.number().int(), since: z.number() })
type Owner = z.infer<typeof ownerSchema>

/**
 * Takes the right to write to a repository for this process, by an exclusive transaction that the system ends with the
 * process, however it ends: a lock can never be left behind. Rejects with `repository-busy`, naming who has it.
 */
export async function lockRepository(layout: Layout, what: string): Promise<AsyncDisposable> {
  await makeFile(layout.lock)
  const database = new Database(layout.lock, { timeout: 500 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw await busy(layout)
    throw error
  }
  try {
    const owner: Owner = { what, hostname: hostname(), pid: process.pid, since: Date.now() }
    await writeDurably(layout.owner, `${JSON.stringify(owner)}\n`)
    // Whoever worked here before is gone, so what lies here belongs to nobody.
    await rm(layout.temporary, { recursive: true, force: true })
    await mkdir(layout.temporary, { mode: 0o700 })
  } catch (error) {
    database.close()
    throw error
  }
  return {
    async [Symbol.asyncDispose]() {
      if (!database.open) return
      await rm(layout.owner, { force: true }).catch(() => {})
      database.close()
    },
  }
}

/** Makes the file if it is not there; one that is there is not opened, because SQLite may hold it. */
async function makeFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

async function busy(layout: Layout): Promise<ConsoleError> {
  const owner = await readFile(layout.owner, 'utf8')
    .then((text) => ownerSchema.parse(JSON.parse(text)))
    .catch(() => undefined)
  const who = owner
    ? `process ${owner.pid} on ${owner.hostname} works on them (${owner.what}, since ${new Date(owner.since).toISOString()})`
    : 'another process works on them'
  return new ConsoleError(
    'repository-busy',
    `The backups in ${layout.folder} cannot be used for writing now: ${who}.`,
    'Wait until it has finished, or stop it, then try again.',
    { params: { folder: layout.folder, owner: owner ?? null }, retryable: true },
  )
}
