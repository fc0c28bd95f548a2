import { chmod, lstat, mkdir, open, readdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { foldersOf } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import { fromRawKey, joinRaw, shown } from '../raw-path.ts'

/** Whether there is anything under this name; a link counts as itself. */
export async function isThere(path: Buffer): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false
    throw error
  }
}

/** A path below one of the folders that a swap moves between. */
export interface Place {
  readonly folder: Buffer
  readonly key: string
}

export function pathOf({ folder, key }: Place): Buffer {
  return joinRaw(folder, fromRawKey(key))
}

/**
 * Moves an entry by one rename and makes that durable in both folders. The target must not exist. Rejects with
 * `restore-place-strange` when its way leads through anything but folders, on either side.
 */
export async function move(from: Place, to: Place): Promise<void> {
  await assertRealWay(from)
  await assertRealWay(to)
  const source = pathOf(from)
  const target = pathOf(to)
  try {
    await rename(source, target)
  } catch (error) {
    if (!(await isLocked(source, error))) throw error
    // A folder that its owner may not write to cannot change its parent: lend it the right for the moment.
    const { mode } = await lstat(source)
    await chmod(source, mode | 0o700)
    await rename(source, target)
    await chmod(target, mode)
  }
  await sync(parentOf(to))
  await sync(parentOf(from))
}

/**
 * Makes the folders that a path lies in, durably, where they are missing. Rejects with `restore-place-strange` when a link or a
 * file stands on the way.
 */
export async function makeParent({ folder, key }: Place): Promise<void> {
  let above = folder
  for (const parent of foldersOf(key)) {
    const path = joinRaw(folder, fromRawKey(parent))
    await assertRealFolder(path)
    if (!(await isThere(path))) {
      await mkdir(path, { mode: 0o700 })
      await sync(above)
    }
    above = path
  }
}

/** Removes a folder tree that holds nothing but folders. Resolves with whether it is gone. */
export async function removeEmpty(path: string): Promise<boolean> {
  const names = await readdir(path, { withFileTypes: true }).catch(() => [])
  if (names.some((entry) => !entry.isDirectory())) return false
  for (const { name } of names) if (!(await removeEmpty(join(path, name)))) return false
  return rmdir(path).then(
    () => true,
    () => false,
  )
}

async function assertRealWay({ folder, key }: Place): Promise<void> {
  for (const parent of foldersOf(key)) await assertRealFolder(joinRaw(folder, fromRawKey(parent)))
}

function parentOf({ folder, key }: Place): Buffer {
  const parent = foldersOf(key).at(-1)
  return parent === undefined ? folder : joinRaw(folder, fromRawKey(parent))
}

/**
 * A link where a folder is to be would lead the moves out of the site: a site from elsewhere can bring one along. Rejects with
 * `restore-place-strange`; a folder that is not there is none of that.
 */
export async function assertRealFolder(folder: Buffer): Promise<void> {
  if (!(await isThere(folder)) || (await lstat(folder)).isDirectory()) return
  throw new ConsoleError(
    'restore-place-strange',
    `${shown(folder)} is not a folder, so nothing is moved through it`,
    'Find out who put it there, move it away, then open the site again.',
    { params: { folder: shown(folder) } },
  )
}

/** As `syncFolder`, for a path of any bytes. */
async function sync(folder: Buffer): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function isLocked(path: Buffer, error: unknown): Promise<boolean> {
  if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') return false
  const stat = await lstat(path)
  return stat.isDirectory() && (stat.mode & 0o200) === 0
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
