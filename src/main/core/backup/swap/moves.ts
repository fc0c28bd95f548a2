import { chmod, lstat, mkdir, open, rename } from 'node:fs/promises'
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

/** Moves an entry by one rename and makes that durable in both folders. The target must not exist. */
export async function move(from: { folder: Buffer; key: string }, to: { folder: Buffer; key: string }): Promise<void> {
  const source = joinRaw(from.folder, fromRawKey(from.key))
  const target = joinRaw(to.folder, fromRawKey(to.key))
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
  await sync(to.folder)
  await sync(from.folder)
}

/** Makes the folder that a carried path lies in, where it is missing. Rejects when a link or a file stands on the way. */
export async function makeParent(root: Buffer, names: readonly string[]): Promise<void> {
  let folder = root
  for (const name of names) {
    folder = joinRaw(folder, fromRawKey(name))
    await assertRealFolder(folder)
    await mkdir(folder, { recursive: true })
  }
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
