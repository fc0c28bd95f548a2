import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What only the holder of the lock writes: nobody else is at work there. */
const ours = ['packs', 'index', 'snapshots']
/** A console writes marks without the lock, in a moment. */
const shared = ['.', 'marks']
const longestWriteMs = 3_600_000

/**
 * Removes the temporary files that interrupted writes left in a repository, for whoever has just taken its lock: each may be as large as
 * a pack, and nothing else would ever remove it.
 */
export async function removeRemains(folder: string): Promise<void> {
  for (const part of ours) await removeIn(join(folder, part), () => true)
  const now = Date.now()
  for (const part of shared) await removeIn(join(folder, part), (mtimeMs) => mtimeMs < now - longestWriteMs)
}

async function removeIn(folder: string, isLeft: (mtimeMs: number) => boolean): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((each) => each.startsWith('.tmp-'))) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => null)
    // One that cannot be removed is tried again next time.
    if (found && isLeft(found.mtimeMs)) await rm(path, { force: true }).catch(() => {})
  }
}
