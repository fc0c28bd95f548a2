import type { FileChange, FolderChanges } from '#shared/contract/snapshot-files.ts'
import { fromRawKey, rawKey, shown } from '../raw-path.ts'
import type { Difference } from '../restore/compare.ts'
import { below } from './list.ts'

/** One path that became different since the snapshot. */
export interface Change {
  /** Path key. */
  readonly path: string
  readonly what: 'added' | 'changed' | 'deleted'
}

const mostListed = 5_000

/** What a restore would add is what was deleted since, and the other way round. */
export function sinceThen({ path, what }: Difference): Change {
  return { path: rawKey(path), what: ({ add: 'deleted', change: 'changed', delete: 'added' } as const)[what] }
}

/** Sums changes up by the entries directly in a folder. `kindOf` names the kind of such an entry. Pure. */
export function sumUp(
  folder: string,
  changes: Iterable<Change>,
  kindOf: (path: string) => FileChange['kind'],
): FolderChanges {
  const total = { added: 0, changed: 0, deleted: 0 }
  const entries = new Map<string, FileChange>()
  const start = folder === '' ? 0 : folder.length + 1
  for (const { path, what } of changes) {
    if (folder !== '' && !path.startsWith(`${folder}/`)) continue
    const end = path.indexOf('/', start)
    const name = path.slice(start, end === -1 ? undefined : end)
    const own = below(folder, name)
    const known = entries.get(own) ?? {
      path: own,
      name: shown(fromRawKey(name)),
      kind: kindOf(own),
      what: 'inside' as const,
      added: 0,
      changed: 0,
      deleted: 0,
    }
    total[what]++
    entries.set(own, { ...known, [what]: known[what] + 1, ...(end === -1 && { what }) })
  }
  const listed = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, mostListed)
  return { ...total, entries: listed, hidden: entries.size - listed.length }
}
