import type { FileView } from '#shared/contract/snapshot-files.ts'
import { ConsoleError } from '#shared/problem.ts'
import { fromRawKey, shown } from '../raw-path.ts'
import { type TreeEntry, targetBytes } from '../repository/tree.ts'
import type { SnapshotTree } from '../restore/selection.ts'

/** A part of a folder's entries, folders first. Rejects with `folder-not-in-snapshot`. */
export async function listFolder(
  tree: SnapshotTree,
  { snapshot, folder, from, limit }: { snapshot: string; folder: string; from: number; limit: number },
): Promise<{ entries: FileView[]; total: number }> {
  const listing = await tree.listing(folder)
  if (!listing) throw noFolder(snapshot, folder)
  const ordered = [...listing].sort(([, a], [, b]) => rank(a) - rank(b))
  const entries = ordered.slice(from, from + limit).map(([name, entry]) => viewOf(folder, name, entry))
  return { entries, total: ordered.length }
}

/** The place of a name in a folder, as a path key. */
export function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

export function kindOf(entry: TreeEntry): FileView['kind'] {
  return entry.type === 'file' && entry.database ? 'database' : entry.type
}

function viewOf(folder: string, name: string, entry: TreeEntry): FileView {
  return {
    path: below(folder, name),
    name: shown(fromRawKey(name)),
    kind: kindOf(entry),
    bytes: entry.type === 'file' ? entry.size : null,
    at: Number(BigInt(entry.mtime) / 1_000_000n),
    mode: entry.mode,
    owner: `${entry.user ?? entry.uid}:${entry.group ?? entry.gid}`,
    torn: entry.type === 'file' && entry.torn === true,
    target: entry.type === 'link' ? shown(targetBytes(entry)) : null,
  }
}

/** The order within is that of the listing, by the bytes of the names. */
function rank(entry: TreeEntry): number {
  return entry.type === 'folder' ? 0 : 1
}

function noFolder(snapshot: string, folder: string): ConsoleError {
  const name = shown(fromRawKey(folder))
  return new ConsoleError(
    'folder-not-in-snapshot',
    `The snapshot ${snapshot} holds no folder ${name}.`,
    `Look at what it holds: wheelhouse backups ls ${snapshot}.`,
    { params: { snapshot, folder: name } },
  )
}
