import { closeSync, constants, lstatSync, openSync, readlinkSync, readSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { foldersOf } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Scope } from '../capture/scope.ts'
import { fromRawKey, joinRaw, shown } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import { type FileEntry, nameBytes, readTree, type TreeEntry, targetBytes } from '../repository/tree.ts'
import type { PlacedEntry } from './stage.ts'

/** Reads what was staged back from disk and compares it with the snapshot. Rejects with `restore-not-staged`. */
export async function verifyStaged(
  root: Buffer,
  entries: readonly PlacedEntry[],
  scope: Pick<Scope, 'place'>,
  reader: BlobReader,
): Promise<void> {
  for (const { key, entry } of entries) {
    const below = fromRawKey(foldersOf(key).at(-1) ?? '')
    await verifyFolder(root, below, [entry], scope, reader)
  }
}

async function verifyFolder(
  root: Buffer,
  below: Buffer,
  entries: readonly TreeEntry[],
  scope: Pick<Scope, 'place'>,
  reader: BlobReader,
): Promise<void> {
  for (const entry of entries) {
    await turn()
    const place = joinRaw(below, nameBytes(entry))
    if (scope.place(place) === 'outside') continue
    const path = joinRaw(root, place)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (entry.type === 'folder') {
      if (!stat?.isDirectory()) throw differs(path, 'the folder is not there')
      await verifyFolder(root, place, await readTree(reader, entry.tree), scope, reader)
    } else if (entry.type === 'link') {
      if (!stat?.isSymbolicLink() || !readlinkSync(path, { encoding: 'buffer' }).equals(targetBytes(entry))) {
        throw differs(path, 'the link is not there')
      }
    } else if (!stat?.isFile() || stat.size !== entry.size) throw differs(path, 'it does not have its length')
    else verifyContent(path, entry, reader)
  }
}

function verifyContent(path: Buffer, entry: FileEntry, reader: BlobReader): void {
  const handle = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    let position = 0
    for (const id of entry.chunks) {
      const bytes = Buffer.allocUnsafe(reader.length(id))
      for (let read = 0; read < bytes.length; ) {
        const got = readSync(handle, bytes, read, bytes.length - read, position + read)
        if (got === 0) throw differs(path, 'it is too short')
        read += got
      }
      if (reader.idOf(bytes) !== id) throw differs(path, 'its content is not what the snapshot holds')
      position += bytes.length
    }
  } finally {
    closeSync(handle)
  }
}

function differs(path: Buffer, why: string): ConsoleError {
  return new ConsoleError(
    'restore-not-staged',
    `What was written for the restore does not read back as it should: ${shown(path)}: ${why}.`,
    'Check the disk of the site; the site itself was not touched.',
    { params: { path: shown(path) } },
  )
}
