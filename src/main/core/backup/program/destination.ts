import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { access, constants, lstat, rename, rmdir, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { ownFolder } from '../capture/scope.ts'
import { unfinishedPlace } from '../unfinished-place.ts'
import type { Engine } from './engine.ts'
import { removeTree } from './maintenance.ts'

/** Where sandboxes lie in the console's own folder of a site. */
export const sandboxFolder = 'sandbox'

/** Makes the folder; refuses one that lies in the site or in the repository, that holds anything, or that is a link. */
export function makeDestination(engine: Engine, to: string): Buffer {
  if (!isAbsolute(to)) throw refused(to, 'it is not an absolute path')
  mkdirSync(to, { recursive: true, mode: 0o700 })
  if (!lstatSync(to).isDirectory()) throw refused(to, 'it is not a folder')
  const real = realpathSync(to)
  const site = realpathSync(engine.site.directory)
  const own = [sandboxFolder, 'staging'].map((name) => join(site, ownFolder, name))
  if (isBelow(real, site) && !own.some((folder) => isBelow(real, folder)))
    throw refused(to, 'it lies in the folder of the site')
  if (isBelow(site, real)) throw refused(to, 'the site lies in it')
  const { kind, place } = engine.repository.storage
  if (kind === 'folder' && (isBelow(real, place) || isBelow(place, real))) throw refused(to, 'the backups lie there')
  if (readdirSync(real).length > 0) throw refused(to, 'it is not empty')
  return Buffer.from(real)
}

/** Removes what a job that was cut off had written beside the folder, and the folder itself where nothing is in it. */
export async function clearUnfinished({ to, job }: { readonly to: string; readonly job: string }): Promise<void> {
  const beside = unfinishedPlace(to, job)
  if (!existsSync(beside)) return
  await removeTree(Buffer.from(beside))
  await rmdir(to).catch(() => {})
}

/**
 * Has a folder written that appears under its name when it is whole: it is written beside it and renamed. What failed or was
 * cancelled leaves nothing; what was killed leaves {@link unfinishedPlace}, which is named at the next start. A folder that cannot be
 * exchanged for one beside it (the top of a drive, one in a folder that may not be written) is written in place, and emptied again
 * when that fails.
 */
export async function writeWhole<T>(
  engine: Engine,
  to: string,
  job: string,
  write: (folder: Buffer) => Promise<T>,
): Promise<T> {
  const there = existsSync(to)
  const destination = makeDestination(engine, to).toString()
  const beside = (await canBeExchanged(destination)) ? unfinishedPlace(destination, job) : null
  const folder = beside ?? destination
  try {
    if (beside !== null) mkdirSync(beside, { mode: (await stat(destination)).mode & 0o777 })
    const done = await write(Buffer.from(folder))
    await engine.reach('destination.before-name')
    if (beside !== null) {
      await rmdir(destination)
      await rename(beside, destination)
    }
    return done
  } catch (error) {
    await clear(folder, beside !== null)
    // What was made for this goes again.
    if (!there) await rmdir(destination).catch(() => {})
    throw error
  }
}

async function clear(folder: string, whole: boolean): Promise<void> {
  if (!existsSync(folder)) return
  if (whole) return await removeTree(Buffer.from(folder))
  for (const name of readdirSync(folder, { encoding: 'buffer' })) {
    await removeTree(Buffer.concat([Buffer.from(folder), Buffer.from('/'), name]))
  }
}

async function canBeExchanged(folder: string): Promise<boolean> {
  const parent = dirname(folder)
  try {
    await access(parent, constants.W_OK | constants.X_OK)
    return parent !== folder && (await lstat(parent)).dev === (await lstat(folder)).dev
  } catch {
    return false
  }
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function refused(to: string, why: string): ConsoleError {
  return new ConsoleError(
    'extract-destination',
    `Nothing was written into ${to}: ${why}.`,
    'Choose an empty folder outside the site and outside the backups.',
    { params: { to } },
  )
}
