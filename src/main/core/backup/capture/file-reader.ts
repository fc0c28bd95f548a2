import { type BigIntStats, fstatSync, readSync } from 'node:fs'
import type { BlobStore } from '../repository/blob-store.ts'
import { Chunker, type ChunkSizes, fileChunks } from '../repository/chunker.ts'
import type { Look } from '../repository/tree.ts'
import { lookOf, sameLook } from './look.ts'

export interface ReadFile {
  readonly size: number
  readonly chunks: readonly string[]
  readonly look: Look
  /** It changed each time it was read. */
  readonly torn: boolean
}

const tries = 3

/** Reads open files into chunks, and makes sure that what was read was there at one moment. */
export class FileReader {
  readonly #store: BlobStore
  readonly #chunker: Chunker
  readonly #buffer = Buffer.allocUnsafe(2 * fileChunks.max)
  readonly #onBytes: (count: number) => void

  constructor(store: BlobStore, onBytes: (count: number) => void) {
    this.#store = store
    this.#chunker = new Chunker(store.protection.gear)
    this.#onBytes = onBytes
  }

  /**
   * Reads a file as long as it was when it was opened. When it changed meanwhile, the same bytes are read again: if they
   * are still the same, it only grew, as logs do, and its beginning is good; if not, it is tried anew, then called torn.
   */
  async read(handle: number, sizes: ChunkSizes): Promise<ReadFile> {
    for (let attempt = 1; ; attempt++) {
      const before = fstatSync(handle, { bigint: true })
      const chunks: string[] = []
      const size = await this.#pass(handle, Number(before.size), sizes, (bytes) => {
        chunks.push(this.#store.put('data', bytes))
        this.#onBytes(bytes.length)
      })
      const look = lookOf(before)
      if (size === look.size && unchanged(handle, before)) return { size, chunks, look, torn: false }
      if (await this.#sameAgain(handle, size, chunks, sizes)) return { size, chunks, look, torn: false }
      if (attempt === tries) return { size, chunks, look, torn: true }
    }
  }

  async #sameAgain(handle: number, size: number, chunks: readonly string[], sizes: ChunkSizes): Promise<boolean> {
    let index = 0
    let same = true
    const again = await this.#pass(handle, size, sizes, (bytes) => {
      same &&= chunks[index++] === this.#store.protection.identity.idOf(bytes)
    })
    return same && again === size && index === chunks.length
  }

  /** Cuts up to `limit` bytes into chunks. Returns how many bytes there were. */
  async #pass(handle: number, limit: number, sizes: ChunkSizes, take: (bytes: Buffer) => void): Promise<number> {
    const buffer = this.#buffer
    let start = 0
    let end = 0
    let position = 0
    for (;;) {
      if (end - start < sizes.max && position < limit) {
        buffer.copyWithin(0, start, end)
        end -= start
        start = 0
        while (end < buffer.length && position < limit) {
          const got = readSync(handle, buffer, end, Math.min(buffer.length - end, limit - position), position)
          if (got === 0) limit = position
          end += got
          position += got
        }
      }
      if (start === end) return position
      const length = this.#chunker.cut(buffer, start, end, sizes)
      take(buffer.subarray(start, start + length))
      start += length
      await this.#store.room()
    }
  }
}

function unchanged(handle: number, before: BigIntStats): boolean {
  return sameLook(lookOf(fstatSync(handle, { bigint: true })), lookOf(before))
}
