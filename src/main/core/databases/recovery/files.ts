import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { moveTogether, syncFolder, writeDurably } from '#core/platform/index.ts'

// Renames only, which open nothing: the console never reads a database with fs.

/** Where what takes the place of a damaged database waits until it is moved there. */
export function waitingName(file: string): string {
  return `${file}.recovered`
}

/**
 * Moves a database with everything that belongs to it into `.wheelhouse/quarantine/<time>-<service>/`. Resolves with the folder. Rejects
 * as `moveTogether` does: nothing was moved then, or it says where each file lies.
 */
export async function setAside(
  { file, own, service, at, why }: SetAside,
  onMoved: () => void = () => {},
): Promise<string> {
  const folder = join(own, 'quarantine', `${new Date(at).toISOString().replaceAll(/[:.]/g, '-')}-${service}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeDurably(join(folder, 'why.txt'), `${why}\n`)
  // The database last: were the power to go in between, the rest would be set aside again with it.
  const moves = ['-journal', '-shm', '-wal', '']
    .filter((ending) => existsSync(`${file}${ending}`))
    .map((ending) => ({ from: `${file}${ending}`, to: join(folder, `${basename(file)}${ending}`), remake: null }))
  await moveTogether(moves, onMoved)
  await syncFolder(dirname(folder))
  return folder
}

export interface SetAside {
  readonly file: string
  /** The site's `.wheelhouse` folder. */
  readonly own: string
  readonly service: string
  /** Wall-clock milliseconds: the folder's name. */
  readonly at: number
  readonly why: string
}

/** Gives what waits the rights of the file that it is to replace, while that is still there. */
export async function likeBefore(file: string): Promise<void> {
  const before = await stat(file).catch(() => null)
  if (!before) return
  const waiting = waitingName(file)
  await chmod(waiting, before.mode & 0o777)
  if (process.getuid?.() === 0) await chown(waiting, before.uid, before.gid)
}

/** Moves what waits into the place of the database. False when nothing waits. */
export async function putInPlace(file: string): Promise<boolean> {
  if (!existsSync(waitingName(file))) return false
  await rename(waitingName(file), file)
  await syncFolder(dirname(file))
  return true
}
