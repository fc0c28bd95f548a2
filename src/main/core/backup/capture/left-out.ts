import { closeSync, lstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { LeftOut } from '#shared/contract/keeping-views.ts'
import { joinRaw, shown } from '../raw-path.ts'
import { globText } from './glob.ts'
import { type ScopeName, scopeOf } from './scope.ts'

/** Entries that are listed; the largest first. */
const listed = 200
/** Tagged folders that are taken notice of: a site full of them is one that needs a pattern. */
const mostTagged = 1_000
const tagName = 'CACHEDIR.TAG'
/** How a CACHEDIR.TAG begins (https://bford.info/cachedir/): another file of that name means nothing. */
const tagSignature = 'Signature: 8a477f597d28d172789f06886806bc55'

/** What a backup leaves out, by which pattern or tag, and how large it is; and what it takes. Sizes of files, not of blocks. */
export async function surveyLeftOut(
  site: string,
  name: ScopeName,
  { exclude, tagged }: { readonly exclude: readonly string[]; readonly tagged: boolean },
): Promise<LeftOut> {
  const tags = tagged ? await taggedFolders(site, name, exclude) : []
  const scope = scopeOf(name, exclude)
  const taken = { files: 0, bytes: 0 }
  const entries: LeftOut['entries'] = []
  await walk(site, Buffer.alloc(0), async (path, stat) => {
    if (!path.includes('/') && !scope.coversTop(path)) return 'skip'
    const rule = scope.ruleOf(path) ?? (tags.includes(shown(path)) ? tagName : null)
    if (rule === null) {
      if (stat.isFile()) {
        taken.files++
        taken.bytes += stat.size
      }
      return 'enter'
    }
    entries.push({ path: shown(path), rule, ...(await sizeOf(site, path, stat)) })
    return 'skip'
  })
  const largest = entries.toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
  return {
    files: entries.reduce((sum, { files }) => sum + files, 0),
    bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
    entries: largest.slice(0, listed),
    hidden: Math.max(0, largest.length - listed),
    taken,
  }
}

/** Patterns that leave out exactly the folders that carry a cache tag; those that a pattern leaves out already are not looked into. */
export async function taggedPatterns(
  site: string,
  name: ScopeName,
  exclude: readonly string[],
): Promise<readonly string[]> {
  return (await taggedFolders(site, name, exclude)).map(globText)
}

async function taggedFolders(site: string, name: ScopeName, exclude: readonly string[]): Promise<readonly string[]> {
  const scope = scopeOf(name, exclude)
  const found: string[] = []
  await walk(site, Buffer.alloc(0), async (path, stat) => {
    if ((!path.includes('/') && !scope.coversTop(path)) || scope.ruleOf(path) !== null || !stat.isDirectory())
      return 'skip'
    if (found.length >= mostTagged || !isTagged(join(site, path.toString('utf8')))) return 'enter'
    // A name that is not UTF-8 cannot be written as a pattern: it is backed up.
    if (Buffer.from(path.toString('utf8')).equals(path)) found.push(path.toString('utf8'))
    return 'skip'
  })
  return found
}

function isTagged(folder: string): boolean {
  try {
    const handle = openSync(join(folder, tagName), 'r')
    try {
      const head = Buffer.alloc(tagSignature.length)
      return readSync(handle, head, 0, head.length, 0) === head.length && head.equals(Buffer.from(tagSignature))
    } finally {
      closeSync(handle)
    }
  } catch {
    return false
  }
}

async function sizeOf(site: string, path: Buffer, stat: Stats): Promise<{ files: number; bytes: number }> {
  const found = { files: 0, bytes: 0 }
  const count = async (_path: Buffer, each: Stats) => {
    if (each.isFile()) {
      found.files++
      found.bytes += each.size
    }
    return 'enter' as const
  }
  if (stat.isDirectory()) await walk(site, path, count)
  else await count(path, stat)
  return found
}

/** Visits everything below a folder of the site; what cannot be read is passed over, as the capture itself tells of it. */
async function walk(
  site: string,
  start: Buffer,
  visit: (path: Buffer, stat: Stats) => Promise<'enter' | 'skip'>,
): Promise<void> {
  const folders = [start]
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    await turn()
    for (const name of namesIn(joinRaw(Buffer.from(site), folder))) {
      const path = joinRaw(folder, name)
      const stat = lstatSync(joinRaw(Buffer.from(site), path), { throwIfNoEntry: false })
      if (stat && (await visit(path, stat)) === 'enter' && stat.isDirectory()) folders.push(path)
    }
  }
}

function namesIn(folder: Buffer): readonly Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' })
  } catch {
    return []
  }
}
