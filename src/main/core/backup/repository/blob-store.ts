import { createHash, hash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib'
import type { BlobIndex } from './blob-index.ts'
import { encodeIndex, type IndexedPack } from './index-format.ts'
import { keys } from './layout.ts'
import {
  type BlobType,
  type Codec,
  encodeEnd,
  encodeHeader,
  type PackedBlob,
  sealBlob,
  unsealBlob,
} from './pack-format.ts'
import type { PackSealing, Protection, Sealing } from './protection.ts'
import type { Storage } from './storage.ts'

const packTarget = 16 * 1024 * 1024
/** Bytes taken in and not yet on disk: bounds memory, and keeps the compressing threads busy. */
const inFlightBound = 64 * 1024 * 1024
/** Below this size handing a blob to another thread costs more than compressing it here. */
const compressHere = 48 * 1024
/** Level 3, into one buffer that the outcome surely fits in. */
const compression = (length: number) => ({
  params: { [constants.ZSTD_c_compressionLevel]: 3 },
  chunkSize: length + (length >> 7) + 128,
})
const compressElsewhere = promisify(zstdCompress)

/**
 * Takes blobs in, each once, and writes them compressed into packs. Nothing counts until {@link finish} has written the
 * index; packs of a run that ends before are whole files that no index names.
 */
export class BlobStore {
  readonly #storage: Storage
  readonly #index: BlobIndex
  readonly #taken = new Set<string>()
  readonly #open: Record<BlobType, OpenPack>
  readonly #written: IndexedPack[] = []
  readonly #working = new Set<Promise<void>>()
  #inFlight = 0
  #failure: unknown
  #wake: (() => void) | undefined
  /** New bytes as stored, so far. */
  added = 0

  constructor(storage: Storage, index: BlobIndex) {
    this.#storage = storage
    this.#index = index
    const { sealing } = storage.protection
    this.#open = { data: new OpenPack(sealing), tree: new OpenPack(sealing) }
  }

  get protection(): Protection {
    return this.#storage.protection
  }

  /** Takes a blob in and returns its id at once. `bytes` may be reused by the caller afterwards. */
  put(type: BlobType, bytes: Uint8Array): string {
    const id = this.protection.identity.idOf(bytes)
    if (this.has(id)) return id
    this.#taken.add(id)
    if (bytes.length <= compressHere) {
      this.#keep(id, type, Buffer.from(bytes), zstdCompressSync(bytes, compression(bytes.length)))
      return id
    }
    const owned = Buffer.from(bytes)
    this.#inFlight += owned.length
    this.#work(
      compressElsewhere(owned, compression(owned.length)).then((compressed) => {
        this.#inFlight -= owned.length
        this.#keep(id, type, owned, compressed)
      }),
    )
    return id
  }

  /** Whether a blob need not be put: it is stored, or on its way. */
  has(id: string): boolean {
    return this.#index.isGood(id) || this.#taken.has(id)
  }

  /** Waits while too much is in flight. Rejects as soon as anything could not be written. */
  async room(): Promise<void> {
    while (this.#failure === undefined && this.#inFlight > inFlightBound) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Writes what is still open, then the index. `beforeIndex` is called when all packs are durable. */
  async finish(beforeIndex: () => Promise<void>): Promise<readonly IndexedPack[]> {
    await this.#settled()
    const { data, tree } = this.#open
    if (data.size + tree.size <= packTarget) data.takeOver(tree)
    this.#seal('data')
    this.#seal('tree')
    await this.#settled()
    await beforeIndex()
    if (this.#written.length > 0) await writeIndex(this.#storage, this.#written)
    for (const pack of this.#written) this.#index.add(pack)
    return this.#written
  }

  #keep(id: string, type: BlobType, raw: Buffer, compressed: Buffer): void {
    const codec: Codec = compressed.length < raw.length * 0.98 ? 'zstd' : 'raw'
    const stored = codec === 'zstd' ? compressed : raw
    this.added += this.#open[type].add({ id, type, codec, length: raw.length }, stored)
    if (this.#open[type].size >= packTarget) this.#seal(type)
  }

  #seal(type: BlobType): void {
    const pack = this.#open[type]
    if (pack.size === 0) return
    this.#open[type] = new OpenPack(this.protection.sealing)
    this.#inFlight += pack.size
    this.#work(
      pack.write(this.#storage).then((written) => {
        this.#written.push(written)
        this.#inFlight -= pack.size
      }),
    )
  }

  #work(work: Promise<void>): void {
    const tracked = work
      .catch((error) => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#working.delete(tracked)
        this.#wake?.()
      })
    this.#working.add(tracked)
  }

  async #settled(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** Writes an index file for the packs, named by the SHA-256 of its content. Resolves with its key. */
export async function writeIndex(storage: Storage, packs: readonly IndexedPack[]): Promise<string> {
  const content = encodeIndex(packs)
  const key = keys.index(hash('sha256', content, 'hex'))
  await storage.write(key, content, { fixed: true })
  return key
}

/** A pack that is being filled in memory. */
class OpenPack {
  readonly #sealing: PackSealing | null
  readonly #header: Buffer
  readonly #blobs: PackedBlob[] = []
  readonly #parts: Buffer[] = []
  size = 0

  constructor(sealing: Sealing | null) {
    this.#sealing = sealing?.newPack() ?? null
    this.#header = encodeHeader(this.#sealing)
  }

  /** Returns how many bytes it takes. */
  add(blob: Omit<PackedBlob, 'offset' | 'stored'>, bytes: Buffer): number {
    const stored = this.#sealing ? sealBlob(this.#sealing, blob, bytes) : bytes
    this.#blobs.push({ ...blob, stored: stored.length, offset: this.#header.length + this.size })
    this.#parts.push(stored)
    this.size += stored.length
    return stored.length
  }

  takeOver(other: OpenPack): void {
    other.#blobs.forEach((blob, index) => {
      const stored = other.#parts[index]
      if (!stored) return
      const { offset, stored: _, ...rest } = blob
      this.add(rest, other.#sealing ? (unsealBlob(other.#sealing, blob, stored) ?? Buffer.alloc(0)) : stored)
    })
    other.#blobs.length = 0
    other.#parts.length = 0
    other.size = 0
  }

  async write(storage: Storage): Promise<IndexedPack> {
    const content = Buffer.concat([this.#header, ...this.#parts, ...encodeEnd(this.#blobs, this.#sealing)])
    const id = createHash('sha256').update(content).digest('hex')
    await storage.write(keys.pack(id), content, { fixed: true })
    const salt = this.#sealing?.salt.toString('hex')
    return { id, size: content.length, ...(salt && { salt }), blobs: this.#blobs }
  }
}
