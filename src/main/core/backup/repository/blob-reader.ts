import { promisify } from 'node:util'
import { zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { ConsoleError } from '#shared/problem.ts'
import type { StoredPiece } from '../crew/tasks.ts'
import type { BlobIndex, BlobLocation } from './blob-index.ts'
import { keys } from './layout.ts'
import { asOwned } from './owned-bytes.ts'
import { unsealBlob } from './pack-format.ts'
import type { Protection } from './protection.ts'
import { Recent } from './recent.ts'
import { release } from './release.ts'
import type { Storage } from './storage.ts'
import type { TreeEntry } from './tree.ts'

/** What is not wanted and is read all the same, because reading twice takes longer; and how much is read at once. */
const gapBound = 64 * 1024
const rangeBound = 16 * 1024 * 1024
/** Bytes of listings as they are stored, before compression: some 15,000 files, and some 20 MB of memory. */
const listingsBound = 6 * 1024 * 1024
const decompressHere = 64 * 1024
/** What a buffer of Node's zlib is at least. */
const smallestBuffer = 64
const decompressElsewhere = promisify(zstdDecompress)

/** Reads blobs back, each checked against its id: what it returns is what was put in. Errors: `repository-damaged`. */
export class BlobReader {
  readonly #storage: Storage
  readonly #index: BlobIndex
  /** Listings that were read, checked and understood: planning, staging and reading back ask for the same ones. */
  readonly listings = new Recent<readonly TreeEntry[]>(listingsBound)

  constructor(storage: Storage, index: BlobIndex) {
    this.#storage = storage
    this.#index = index
  }

  /** Length of a blob in bytes, known without reading it. */
  length(id: string): number {
    return this.location(id).length
  }

  get protection(): Protection {
    return this.#storage.protection
  }

  /** The id that a blob of these bytes has here. */
  idOf(bytes: Uint8Array): string {
    return this.#storage.protection.identity.idOf(bytes)
  }

  async get(id: string): Promise<Buffer> {
    return (await this.#got(id)).bytes
  }

  /** Reads a blob for `understand` alone, which must keep nothing of its bytes: their memory is given back at once. */
  async take<T>(id: string, understand: (bytes: Buffer) => T): Promise<T> {
    const { bytes, stored } = await this.#got(id)
    const value = understand(bytes)
    // What the storage gave may lie in memory that it keeps.
    release(bytes, stored)
    return value
  }

  async #got(id: string): Promise<{ readonly bytes: Buffer; readonly stored: Buffer }> {
    const at = this.location(id)
    const stored = await this.#range(at, at.stored)
    if (stored.length < at.stored) throw this.#damaged(at, 'it ends too early')
    const opened = this.#opened(at, stored)
    const bytes = at.codec === 'raw' ? opened : await this.#unpacked(at, opened)
    if (opened !== stored) release(opened, bytes)
    return { bytes: this.#checked(at, bytes), stored }
  }

  /** Where a blob lies. */
  location(id: string): BlobLocation {
    const at = this.#index.get(id)
    if (at) return at
    throw new ConsoleError(
      'repository-damaged',
      `The backups in ${this.#storage.place} lack a piece of data (${id.slice(0, 12)}) that a snapshot needs: a pack file is missing.`,
      'Bring the missing file back from a copy of the backup folder, or use another snapshot.',
      { params: { blob: id } },
    )
  }

  /**
   * Blobs as they are stored, in the order of `ids`, not checked: who unpacks them does that. What lies close together is
   * read at once, and shares memory.
   */
  async stored(ids: readonly string[]): Promise<StoredPiece[]> {
    const wanted = ids.map((id, index) => ({ at: this.location(id), index }))
    wanted.sort((a, b) => (a.at.pack === b.at.pack ? a.at.offset - b.at.offset : a.at.pack < b.at.pack ? -1 : 1))
    const pieces: StoredPiece[] = []
    for (let from = 0; from < wanted.length; ) {
      const begin = wanted[from]?.at
      if (!begin) break
      let to = from
      let end = begin.offset
      for (let next = wanted[to]; next; next = wanted[++to]) {
        const { pack, offset, stored } = next.at
        if (pack !== begin.pack || offset > end + gapBound || offset + stored - begin.offset > rangeBound) {
          if (to > from) break
        }
        end = Math.max(end, offset + stored)
      }
      const bytes = asOwned(await this.#range(begin, end - begin.offset))
      for (const { at, index } of wanted.slice(from, to)) {
        const start = at.offset - begin.offset
        if (start + at.stored > bytes.length) throw this.damaged(at.id, 'it ends too early')
        const { id, type, codec, length, pack, salt } = at
        pieces[index] = { id, type, codec, length, pack, salt, bytes: bytes.subarray(start, start + at.stored) }
      }
      from = to
    }
    return pieces
  }

  /** What to say of a blob that turned out not to be what it should be: `repository-damaged`. */
  damaged(id: string, why: string): ConsoleError {
    return this.#damaged(this.location(id), why)
  }

  /** Bytes from a blob on; fewer where the pack ends before. */
  async #range(at: BlobLocation, length: number): Promise<Buffer> {
    const bytes = await this.#storage.readRange(keys.pack(at.pack), at.offset, length).catch((error: unknown) => {
      // What the storage says in a sentence (no network, not plugged in) is no damage.
      throw error instanceof ConsoleError
        ? error
        : this.#damaged(at, error instanceof Error ? error.message : String(error))
    })
    if (!bytes) throw this.#damaged(at, 'it is missing')
    return bytes
  }

  #opened(at: BlobLocation, stored: Buffer): Buffer {
    const { sealing } = this.#storage.protection
    if (!sealing) return stored
    const bytes = at.salt === undefined ? undefined : unsealBlob(sealing.pack(Buffer.from(at.salt, 'hex')), at, stored)
    if (bytes) return bytes
    throw this.#damaged(at, 'a piece in it cannot be decrypted: it was changed, or is another one than it should be')
  }

  async #unpacked(at: BlobLocation, stored: Buffer): Promise<Buffer> {
    const bounds = { maxOutputLength: Math.max(1, at.length), chunkSize: Math.max(smallestBuffer, at.length + 1) }
    try {
      return at.length <= decompressHere
        ? zstdDecompressSync(stored, bounds)
        : await decompressElsewhere(stored, bounds)
    } catch {
      throw this.#damaged(at, 'a piece in it cannot be decompressed')
    }
  }

  #checked(at: BlobLocation, bytes: Buffer): Buffer {
    if (bytes.length === at.length && this.idOf(bytes) === at.id) return bytes
    throw this.#damaged(at, 'a piece in it has changed since it was written')
  }

  #damaged(at: BlobLocation, why: string): ConsoleError {
    return new ConsoleError(
      'repository-damaged',
      `The pack ${at.pack.slice(0, 12)} of the backups in ${this.#storage.place} is damaged: ${why}.`,
      'Use a snapshot that does not need it, bring the file back from a copy of the backup folder, and check the disk.',
      { params: { pack: at.pack, blob: at.id } },
    )
  }
}
