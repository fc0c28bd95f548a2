import { lstat, readdir, readlink, realpath, unlink } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { isReadOnlyPlace } from './hard-coded.ts'

/** Links that are told of one by one. */
const most = 20

/**
 * Takes links out of a restored site that lead outside of it: through them a service would write into what is live. Those into places
 * that programs only read stay. Resolves with a sentence for each, the first twenty. Opens no file.
 */
export async function removeLinksOutside(site: string): Promise<readonly string[]> {
  const root = await realpath(site)
  const removed: string[] = []
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) await walk(path)
      if (!entry.isSymbolicLink()) continue
      const target = await readlink(path)
      const leads = await realpath(path).catch(() => resolve(dirname(path), target))
      if (isBelow(leads, root) || isReadOnlyPlace(leads)) continue
      await unlink(path)
      removed.push(`${relative(root, path)} led to ${target}, which is in no snapshot; the link was taken out.`)
    }
  }
  if ((await lstat(root)).isDirectory()) await walk(root)
  const more = removed.length - most
  return more > 0 ? [...removed.slice(0, most), `${more} more links led outside and were taken out.`] : removed
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !way.startsWith(sep)
}
