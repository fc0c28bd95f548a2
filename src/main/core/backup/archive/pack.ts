import { encodeTarComment, encodeTarHeader, padding, type TarEntry, tarEnd } from '#core/archive/index.ts'
import type { Scope } from '../capture/scope.ts'
import { fromRawKey, rawKey } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import { nameBytes, type TreeEntry, targetBytes } from '../repository/tree.ts'
import type { SnapshotTree } from '../restore/selection.ts'

export interface PackRequest {
  readonly tree: SnapshotTree
  readonly scope: Pick<Scope, 'place'>
  /** Said of the whole archive, by name. */
  readonly comment: Readonly<Record<string, string>>
}

/** A snapshot as a tar archive, piece by piece: never more than a chunk of a file is held. `onFile` is told after each file with its size. */
export async function* packSnapshot(
  { tree, scope, comment }: PackRequest,
  reader: BlobReader,
  onFile: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const hard = new Map<string, Buffer>()
  yield encodeTarComment(comment)
  yield* folder('')
  yield tarEnd

  async function* folder(path: string): AsyncGenerator<Buffer> {
    for (const entry of (await tree.listing(path))?.values() ?? []) {
      const name = rawKey(nameBytes(entry))
      const below = path === '' ? name : `${path}/${name}`
      if (scope.place(fromRawKey(below)) === 'outside') continue
      yield* one(fromRawKey(below), entry)
      if (entry.type === 'folder') yield* folder(below)
    }
  }

  async function* one(path: Buffer, entry: TreeEntry): AsyncGenerator<Buffer> {
    const first = entry.type === 'file' && entry.hard !== undefined ? hard.get(entry.hard) : undefined
    yield encodeTarHeader(headerOf(path, entry, first))
    if (entry.type !== 'file') return
    if (first === undefined) {
      if (entry.hard !== undefined) hard.set(entry.hard, path)
      for (const id of entry.chunks) yield await reader.get(id)
      yield padding(entry.size)
    }
    onFile(entry.size)
  }
}

function headerOf(path: Buffer, entry: TreeEntry, first: Buffer | undefined): TarEntry {
  const type = first ? 'hard' : entry.type
  return {
    path,
    type,
    mode: entry.type === 'link' ? 0o777 : entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    user: entry.user ?? '',
    group: entry.group ?? '',
    size: entry.type === 'file' && !first ? entry.size : 0,
    mtime: BigInt(entry.mtime),
    target: first ?? (entry.type === 'link' ? targetBytes(entry) : Buffer.alloc(0)),
  }
}
