import { type BigIntStats, fstatSync, readSync } from 'node:fs'
import type { BlobStore } from '../repository/blob-store.ts'
import { Chunker, type ChunkSizes } from '../repository/chunker.ts'
import type { Look } from '../repository/tree.ts'
import { isZero } from '../repository/zeros.ts'
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
  readonly #sizes: ChunkSizes
  readonly #buffer: Buffer
  /** How long a chunk of nothing but zeros is, and its id: holes are long and read as zeros. */
  #zeros: { readonly length: number; readonly id: string } | undefined

  /** One for files that are read one after the other; a second one may read beside it. */
  constructor(store: BlobStore, sizes: ChunkSizes) {
    this.#store = store
    this.#sizes = sizes
    this.#chunker = new Chunker(store.protection.gear)
    this.#buffer = Buffer.allocUnsafeSlow(2 * sizes.max)
  }

  /**
   * Reads a file as long as it was when it was opened. When it changed meanwhile, the same bytes are read again: if they
   * are still the same, it only grew, as logs do, and its beginning is good; if not, it is tried anew, then called torn.
   */
  async read(handle: number): Promise<ReadFile> {
    for (let attempt = 1; ; attempt++) {
      const before = fstatSync(handle, { bigint: true })
      const chunks: string[] = []
      const size = await this.#pass(handle, Number(before.size), (bytes, zero) => chunks.push(this.#put(bytes, zero)))
      const look = lookOf(before)
      if (size === look.size && unchanged(handle, before)) return { size, chunks, look, torn: false }
      if (await this.#sameAgain(handle, size, chunks)) return { size, chunks, look, torn: false }
      if (attempt === tries) return { size, chunks, look, torn: true }
    }
  }

  #put(bytes: Buffer, zero: boolean): string {
    if (!zero) return this.#store.put('data', bytes)
    this.#zeros ??= { length: bytes.length, id: this.#store.put('data', bytes) }
    return this.#zeros.id
  }

  async #sameAgain(handle: number, size: number, chunks: readonly string[]): Promise<boolean> {
    let index = 0
    let same = true
    const again = await this.#pass(handle, size, (bytes) => {
      same &&= chunks[index++] === this.#store.protection.identity.idOf(bytes)
    })
    return same && again === size && index === chunks.length
  }

  /** Cuts up to `limit` bytes into chunks. Returns how many bytes there were. */
  async #pass(handle: number, limit: number, take: (bytes: Buffer, zero: boolean) => void): Promise<number> {
    const buffer = this.#buffer
    const { max } = this.#sizes
    let start = 0
    let end = 0
    let position = 0
    for (;;) {
      if (end - start < max && position < limit) {
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
      // Where a chunk ends is decided by the bytes up to `max`: the same zeros are cut the same, once is enough.
      const zero = end - start >= max && isZero(buffer.subarray(start, start + max))
      const length = (zero && this.#zeros?.length) || this.#chunker.cut(buffer, start, end, this.#sizes)
      take(buffer.subarray(start, start + length), zero)
      start += length
      await this.#store.room()
    }
  }
}

function unchanged(handle: number, before: BigIntStats): boolean {
  return sameLook(lookOf(fstatSync(handle, { bigint: true })), lookOf(before))
}
