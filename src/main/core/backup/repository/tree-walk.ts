import { joinRaw } from '../raw-path.ts'
import { assertFinite } from '../restore/names.ts'
import type { BlobReader } from './blob-reader.ts'
import { type FileEntry, nameBytes, readTree, type TreeEntry } from './tree.ts'

export interface WalkedFile {
  readonly path: Buffer
  readonly entry: FileEntry
  /** Everything in the same folder, the file itself included. */
  readonly siblings: readonly TreeEntry[]
}

/** Visits every listing below `tree`, and every file in them. `path` is relative to the site folder. */
export async function walkTree(
  reader: BlobReader,
  tree: string,
  visit: { readonly tree?: (id: string) => void; readonly file: (file: WalkedFile) => void | Promise<void> },
  path: Buffer = Buffer.alloc(0),
  seen = { entries: 0 },
): Promise<void> {
  visit.tree?.(tree)
  const siblings = await readTree(reader, tree)
  seen.entries += siblings.length
  assertFinite(seen.entries)
  for (const entry of siblings) {
    const below = joinRaw(path, nameBytes(entry))
    if (entry.type === 'folder') await walkTree(reader, entry.tree, visit, below, seen)
    else if (entry.type === 'file') await visit.file({ path: below, entry, siblings })
  }
}
