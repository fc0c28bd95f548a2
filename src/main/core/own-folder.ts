import { lstat, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'

/**
 * The console's own folder in a site, made where it is missing. A site from elsewhere brings this folder along; a link in it
 * would have the console write, move and remove where it leads to, before anybody trusted anything. Rejects with
 * `own-folder-linked` then, and with the system's error when the folder cannot be made or listed.
 */
export async function ownFolder(directory: string): Promise<string> {
  const own = join(directory, '.wheelhouse')
  if ((await lstat(own).catch(() => null))?.isSymbolicLink()) throw linked(own)
  await mkdir(own, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(own, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) throw linked(join(own, entry.name))
  }
  return own
}

function linked(path: string): ConsoleError {
  return new ConsoleError(
    'own-folder-linked',
    `${path} is a link. The console keeps its own files there and does not follow links, because they could lead anywhere.`,
    'Find out who put the link there. Remove it, or put the files that it leads to in its place, then open the site again.',
    { params: { path } },
  )
}
