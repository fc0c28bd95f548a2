import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type Logger, type Runtime, syncFolder, writeDurably } from '#core/platform/index.ts'
import { type Copies, fileTime } from './copies.ts'
import { checkDatabase, copyDatabase } from './database-tool.ts'
import type { DatabaseName, OpenedAs } from './types.ts'

export interface ReplacementOptions {
  readonly name: DatabaseName
  /** The `.wheelhouse` folder. */
  readonly directory: string
  readonly copies: Copies
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Sets a damaged database aside, its logs with it, and puts the newest copy that passes its check in its place, or nothing.
 * Nothing is ever deleted. No connection to the database may be open in this process. Resolves with what was done.
 */
export async function replaceDamaged(
  options: ReplacementOptions,
  damage: string,
): Promise<Extract<OpenedAs, { how: 'replaced' }>> {
  const { name, directory, clock, logger } = options
  const quarantined = await setAside(name, directory, clock.wall())
  const copiedAt = await putNewestGoodCopy(options)
  const reason = `The ${name} database was damaged (${damage}) and was set aside in ${quarantined}. ${
    copiedAt === null
      ? 'There was no good copy, so a new, empty one took its place.'
      : `The copy of ${new Date(copiedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC took its place; what was recorded after it is in the quarantined file only.`
  }`
  await writeDurably(join(quarantined, 'why.txt'), `${reason}\n`)
  logger.error(reason, { quarantined, copiedAt })
  return { how: 'replaced', quarantined, reason, copiedAt }
}

/** Moves the database with everything that belongs to it into a new folder, by renames only. Resolves with the folder. */
async function setAside(name: DatabaseName, directory: string, at: number): Promise<string> {
  const quarantine = join(directory, 'quarantine')
  const folder = join(quarantine, `${fileTime(at)}-${name}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // The database last: were the power to go in between, the rest would be set aside again with it at the next opening.
  for (const ending of ['-journal', '-shm', '-wal', '']) {
    const file = `${name}.db${ending}`
    if (existsSync(join(directory, file))) await rename(join(directory, file), join(folder, file))
  }
  await syncFolder(folder)
  await syncFolder(quarantine)
  await syncFolder(directory)
  return folder
}

/** Resolves with the time of the copy that was put in place, or null when there is none that is good. */
async function putNewestGoodCopy({
  name,
  directory,
  copies,
  runtime,
  logger,
}: ReplacementOptions): Promise<number | null> {
  for (const copy of await copies.list(name)) {
    try {
      const { ok, problems } = await checkDatabase(runtime, copies.pathOf(copy))
      if (!ok) throw new Error(problems.join('; '))
      // Whole before it gets its name: a console killed here finds no half database at its next start.
      const part = join(directory, `${name}.db.part`)
      await rm(part, { force: true })
      await copyDatabase(runtime, { from: copies.pathOf(copy), to: part })
      await rename(part, join(directory, `${name}.db`))
      await syncFolder(directory)
      return copy.at
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      logger.warn(`The copy ${copy.file} cannot take the place of the damaged database: ${why}`)
    }
  }
  return null
}
