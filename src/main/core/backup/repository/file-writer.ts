import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { BlobReader } from './blob-reader.ts'
import type { FileEntry } from './tree.ts'

/** Pieces read ahead of the one being written, so that decompression runs beside writing. */
const ahead = 3
const holeSize = 4096

/** Writes a file's content into a new file; zeros of a file that had holes become holes again. `path` must not exist. */
export async function writeFileFrom(reader: BlobReader, entry: FileEntry, path: Buffer): Promise<void> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  const handle = openSync(path, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o600)
  try {
    let position = 0
    const coming: Promise<Buffer>[] = []
    let next = 0
    while (next < entry.chunks.length || coming.length > 0) {
      while (coming.length < ahead && next < entry.chunks.length) {
        const id = entry.chunks[next++]
        if (id === undefined) break
        const piece = reader.get(id)
        piece.catch(() => {}) // Told when its turn comes; until then it must not count as unhandled.
        coming.push(piece)
      }
      const bytes = await coming.shift()
      if (!bytes) break
      if (entry.sparse) writeAround(handle, bytes, position)
      else writeAll(handle, bytes, position)
      position += bytes.length
    }
    if (entry.sparse) ftruncateSync(handle, position)
  } finally {
    closeSync(handle)
  }
}

function writeAll(handle: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done, bytes.length - done, position + done)
}

/** Writes only the blocks that are not all zeros. */
function writeAround(handle: number, bytes: Buffer, position: number): void {
  const zeros = Buffer.alloc(holeSize)
  for (let at = 0; at < bytes.length; at += holeSize) {
    const block = bytes.subarray(at, Math.min(at + holeSize, bytes.length))
    if (!block.equals(block.length === holeSize ? zeros : zeros.subarray(0, block.length))) {
      writeAll(handle, block, position + at)
    }
  }
}
