import { rawKey } from '../raw-path.ts'
import { type FileEntry, nameBytes, type TreeEntry, targetBytes } from '../repository/tree.ts'
import type { SnapshotTree } from '../restore/selection.ts'
import type { Change } from './changes.ts'
import { below } from './list.ts'

/** From a folder of one snapshot to the same folder of another. Times alone are no change: content, kind and rights are. */
export async function* treeChanges(then: SnapshotTree, now: SnapshotTree, folder: string): AsyncGenerator<Change> {
  yield* compared(
    then,
    now,
    folder,
    (await then.listing(folder)) ?? new Map(),
    (await now.listing(folder)) ?? new Map(),
  )
}

async function* compared(
  then: SnapshotTree,
  now: SnapshotTree,
  folder: string,
  old: ReadonlyMap<string, TreeEntry>,
  fresh: ReadonlyMap<string, TreeEntry>,
): AsyncGenerator<Change> {
  for (const name of [...new Set([...old.keys(), ...fresh.keys()])].sort()) {
    const path = below(folder, name)
    const a = old.get(name)
    const b = fresh.get(name)
    if (a?.type === 'folder' && b?.type === 'folder' && a.tree === b.tree && sameRights(a, b)) continue
    const what = a && b ? (same(a, b) ? null : 'changed') : a ? 'deleted' : 'added'
    if (what) yield { path, what }
    if (a?.type !== 'folder' && b?.type !== 'folder') continue
    const oldBelow = a?.type === 'folder' ? await then.at(a.tree) : new Map<string, TreeEntry>()
    const freshBelow = b?.type === 'folder' ? await now.at(b.tree) : new Map<string, TreeEntry>()
    yield* compared(then, now, path, oldBelow, freshBelow)
  }
}

function same(a: TreeEntry, b: TreeEntry): boolean {
  if (a.type !== b.type || !sameRights(a, b) || rawKey(nameBytes(a)) !== rawKey(nameBytes(b))) return false
  if (a.type === 'link' && b.type === 'link') return targetBytes(a).equals(targetBytes(b))
  return a.type !== 'file' || b.type !== 'file' || sameContent(a, b)
}

function sameContent(a: FileEntry, b: FileEntry): boolean {
  return a.size === b.size && a.chunks.length === b.chunks.length && a.chunks.every((id, at) => id === b.chunks[at])
}

function sameRights(a: TreeEntry, b: TreeEntry): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid
}
