import { createHash } from 'node:crypto'
import { lstat, mkdir, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { writeDurably } from '#core/platform/index.ts'
import { makePrivateFile } from './private-file.ts'
import type { DatabaseName } from './types.ts'

/** Where a stand-in for a database may lie: in the console's own folder; in the machine's temporary one when that disk takes no more. */
export function standInPaths(directory: string, name: DatabaseName): readonly string[] {
  const key = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return [join(directory, 'stand-in', `${name}.db`), join(tmpdir(), `wheelhouse-stand-in-${key}`, `${name}.db`)]
}

/** Room that a database needs to be opened at all: its first pages and the index of its log. Bytes. */
const leastRoom = 256 * 1024

/**
 * The file that stands in for a database: the one that did so before, else a new one where there is room for it. Rejects with
 * the system's error when there is none anywhere.
 */
export async function standInPath(directory: string, name: DatabaseName): Promise<string> {
  const paths = standInPaths(directory, name)
  for (const path of paths) if (await isOwn(path)) return path
  let failure: unknown
  for (const path of paths) {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await assertOwn(dirname(path))
      const room = join(dirname(path), 'room')
      await writeDurably(room, new Uint8Array(leastRoom))
      await rm(room, { force: true })
      await makePrivateFile(path)
      if (!(await isOwn(path))) throw new Error(`${path} is no file of this user's.`)
      return path
    } catch (error) {
      failure = error
    }
  }
  throw failure
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
