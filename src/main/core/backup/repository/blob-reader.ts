import { hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { ConsoleError } from '#shared/problem.ts'
import type { BlobIndex, BlobLocation } from './blob-index.ts'
import type { Layout } from './layout.ts'

const openPacks = 24
const decompressHere = 64 * 1024
const decompressElsewhere = promisify(zstdDecompress)

/** Reads blobs back, each checked against its id: what it returns is what was put in. Errors: `repository-damaged`. */
export class BlobReader implements Disposable {
  readonly #layout: Layout
  readonly #index: BlobIndex
  /** Open packs by id, the one used longest ago first. */
  readonly #packs = new Map<string, number>()

  constructor(layout: Layout, index: BlobIndex) {
    this.#layout = layout
    this.#index = index
  }

  /** Length of a blob in bytes, known without reading it. */
  length(id: string): number {
    return this.#locate(id).length
  }

  async get(id: string): Promise<Buffer> {
    const at = this.#locate(id)
    const stored = this.#read(at)
    if (at.codec === 'raw' || at.length <= decompressHere) return this.#checked(at, this.#unpacked(at, stored))
    const bytes = await decompressElsewhere(stored, { maxOutputLength: at.length, chunkSize: at.length }).catch(() => {
      throw this.#damaged(at, 'a piece in it cannot be decompressed')
    })
    return this.#checked(at, bytes)
  }

  [Symbol.dispose](): void {
    for (const handle of this.#packs.values()) closeSync(handle)
    this.#packs.clear()
  }

  #locate(id: string): BlobLocation {
    const at = this.#index.get(id)
    if (at) return at
    throw new ConsoleError(
      'repository-damaged',
      `The backups in ${this.#layout.folder} lack a piece of data (${id.slice(0, 12)}) that a snapshot needs: a pack file is missing.`,
      'Bring the missing file back from a copy of the backup folder, or use another snapshot.',
      { params: { blob: id } },
    )
  }

  #read(at: BlobLocation): Buffer {
    const stored = Buffer.allocUnsafe(at.stored)
    let read = 0
    try {
      const handle = this.#handle(at.pack)
      while (read < stored.length) {
        const got = readSync(handle, stored, read, stored.length - read, at.offset + read)
        if (got === 0) break
        read += got
      }
    } catch (error) {
      throw this.#damaged(at, error instanceof Error ? error.message : String(error))
    }
    if (read < stored.length) throw this.#damaged(at, 'it ends too early')
    return stored
  }

  #unpacked(at: BlobLocation, stored: Buffer): Buffer {
    if (at.codec === 'raw') return stored
    try {
      return zstdDecompressSync(stored, { maxOutputLength: Math.max(1, at.length) })
    } catch {
      throw this.#damaged(at, 'a piece in it cannot be decompressed')
    }
  }

  #checked(at: BlobLocation, bytes: Buffer): Buffer {
    if (bytes.length === at.length && hash('sha256', bytes, 'hex') === at.id) return bytes
    throw this.#damaged(at, 'a piece in it has changed since it was written')
  }

  #handle(pack: string): number {
    const known = this.#packs.get(pack)
    if (known !== undefined) {
      this.#packs.delete(pack)
      this.#packs.set(pack, known)
      return known
    }
    if (this.#packs.size >= openPacks) {
      for (const [oldest, handle] of this.#packs) {
        closeSync(handle)
        this.#packs.delete(oldest)
        break
      }
    }
    const handle = openSync(this.#layout.pack(pack), 'r')
    this.#packs.set(pack, handle)
    return handle
  }

  #damaged(at: BlobLocation, why: string): ConsoleError {
    return new ConsoleError(
      'repository-damaged',
      `The pack ${at.pack.slice(0, 12)} of the backups in ${this.#layout.folder} is damaged: ${why}.`,
      'Use a snapshot that does not need it, bring the file back from a copy of the backup folder, and check the disk.',
      { params: { pack: at.pack, blob: at.id } },
    )
  }
}
