import { createHash } from 'node:crypto'
import { lstat, mkdir, rm, stat } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { writeDurably } from '#core/platform/index.ts'
import { makePrivateFile } from './private-file.ts'
import type { DatabaseName } from './types.ts'

/** Where a stand-in for a database may lie: in the console's own folder; in the machine's temporary one when that disk takes no more. */
export function standInPaths(directory: string, name: DatabaseName): readonly string[] {
  const key = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return [join(directory, 'stand-in', `${name}.db`), join(tmpdir(), `wheelhouse-stand-in-${key}`, `${name}.db`)]
}

/** The stand-ins that there are for a database, on record or not. */
export async function standInsOf(directory: string, name: DatabaseName): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of standInPaths(directory, name))
    if ((await isOwn(path)) && (await stat(path)).size > 0) found.push(path)
  return found
}

/** The highest sequence that was given in a database; 0 when that cannot be read. No connection to it may be open. */
export function highestIn(path: string): number {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { readonly: true, fileMustExist: true })
    const highest: unknown = database.prepare('SELECT max(seq) FROM sqlite_sequence').pluck().get()
    return typeof highest === 'number' && Number.isSafeInteger(highest) ? highest : 0
  } catch {
    return 0
  } finally {
    database?.close()
  }
}

/** Room that a database needs to be opened at all: its first pages and the index of its log. Bytes. */
const leastRoom = 256 * 1024

/**
 * The file that stands in for a database: the one that did so before, else a new one where there is room for it; none of those that
 * were `refused`. Rejects with the system's error when there is none anywhere.
 */
export async function standInPath(
  directory: string,
  name: DatabaseName,
  refused: ReadonlyMap<string, unknown>,
): Promise<string> {
  const paths = standInPaths(directory, name).filter((path) => !refused.has(path))
  for (const path of paths) if (await isOwn(path)) return path
  let failure: unknown = [...refused.values()].at(-1)
  for (const path of paths) {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await assertOwn(dirname(path))
      await tryRoom(dirname(path))
      await makePrivateFile(path)
      if (!(await isOwn(path))) throw new Error(`${path} is no file of this user's.`)
      return path
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** Rejects with the system's error where a folder takes no more files, or none of the size that a database needs. */
export async function tryRoom(folder: string): Promise<void> {
  const room = join(folder, 'room')
  try {
    await writeDurably(room, new Uint8Array(leastRoom))
  } finally {
    await rm(room, { force: true })
  }
}

/** Whether it is a file of this user's in a folder of this user's, and neither a link to somewhere else. */
async function isOwn(path: string): Promise<boolean> {
  try {
    await assertOwn(dirname(path))
    const found = await lstat(path)
    return found.isFile() && isMine(found.uid)
  } catch {
    return false
  }
}

/** Anybody may have made a folder of this name in the temporary one. */
async function assertOwn(folder: string): Promise<void> {
  const found = await lstat(folder)
  if (!found.isDirectory() || !isMine(found.uid)) throw new Error(`The folder ${folder} belongs to somebody else.`)
}

function isMine(owner: number): boolean {
  const { uid } = userInfo()
  return uid === -1 || owner === uid // -1 where files have no owners
}
