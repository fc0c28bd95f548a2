import { lstat, readFile, readlink, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/**
 * The folder of the release that a site runs: what `current` leads to (a link, or where there are none a file that holds the
 * path), else the site folder itself. A release that is gone is named all the same, so that errors can say which.
 */
export async function releaseFolder(directory: string): Promise<string> {
  const current = join(directory, 'current')
  const found = await lstat(current).catch(() => undefined)
  if (!found) return directory
  if (found.isFile()) return resolve(directory, (await readFile(current, 'utf8')).trim())
  try {
    return await realpath(current)
  } catch {
    return found.isSymbolicLink() ? resolve(directory, await readlink(current)) : current
  }
}
