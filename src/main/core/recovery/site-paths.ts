import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'

// Files of the site that recovery moves aside or empties. Nothing here opens a database: `.json` is all that is read.

/** A path below the site's `data/` that was looked at: no part of it is a link. */
export interface OwnPath {
  /** As it is shown: relative to the site. */
  readonly shown: string
  readonly path: string
  readonly kind: 'folder' | 'file'
}

/**
 * Finds a path of site.yaml on disk. Null when there is nothing. Throws `path-escapes` for whatever is not below `data/` of the site
 * or is reached over a link: rules of site.yaml look at the text only, the disk may say otherwise.
 */
export async function ownPath(site: string, text: string): Promise<OwnPath | null> {
  const path = resolve(site, text)
  const way = relative(join(site, 'data'), path)
  if (text.includes('\0') || way === '' || way === '..' || way.startsWith(`..${sep}`) || resolve(way) === way) {
    throw escapes(text, 'it is not below the data folder of the site')
  }
  const levels = ['data', ...way.split(sep)]
  for (let depth = 1; depth <= levels.length; depth++) {
    const found = await lstat(join(site, ...levels.slice(0, depth))).catch(() => null)
    if (found === null) return null
    if (found.isSymbolicLink()) throw escapes(text, `${levels.slice(0, depth).join('/')} is a link`)
    if (depth < levels.length) continue
    if (!found.isDirectory() && !found.isFile()) throw escapes(text, 'it is neither a file nor a folder')
    return { shown: levels.join('/'), path, kind: found.isDirectory() ? 'folder' : 'file' }
  }
  return null
}

/** Empties a folder, or removes a file. Links in it are removed, not followed. Resolves with how many entries went. */
export async function emptied({ path, kind }: OwnPath, signal: AbortSignal): Promise<number> {
  if (kind === 'file') {
    await rm(path)
    return 1
  }
  let count = 0
  for (const entry of await readdir(path)) {
    signal.throwIfAborted()
    await rm(join(path, entry), { recursive: true, force: true })
    count++
  }
  return count
}

const mostFiles = 2_000
const mostBytes = 16 * 1024 * 1024

/** The `.json` files in a path that cannot be read as JSON: cut short, empty, overwritten. Links are not followed. */
export async function corruptIn(site: string, own: OwnPath, signal: AbortSignal): Promise<readonly OwnPath[]> {
  const files = own.kind === 'file' ? [own] : await jsonFiles(site, own.path, signal)
  const corrupt: OwnPath[] = []
  for (const file of files) {
    signal.throwIfAborted()
    const { size } = await lstat(file.path)
    if (size > mostBytes || !file.path.endsWith('.json')) continue
    try {
      JSON.parse(await readFile(file.path, 'utf8'))
    } catch (error) {
      if (error instanceof SyntaxError) corrupt.push(file)
    }
  }
  return corrupt
}

async function jsonFiles(site: string, folder: string, signal: AbortSignal): Promise<readonly OwnPath[]> {
  const found: OwnPath[] = []
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined && found.length < mostFiles; next = folders.pop()) {
    signal.throwIfAborted()
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() && entry.name.endsWith('.json'))
        found.push({ shown: relative(site, path), path, kind: 'file' })
    }
  }
  return found
}

function escapes(text: string, why: string): ConsoleError {
  return new ConsoleError(
    'path-escapes',
    `${text} was left alone: ${why}.`,
    'Name a folder or file that lies below data/ of the site, not over a link.',
    { params: { path: text } },
  )
}
