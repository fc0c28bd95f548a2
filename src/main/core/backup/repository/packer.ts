import { hash } from 'node:crypto'
import { compressed } from './blob-codec.ts'
import type { IndexedPack } from './index-format.ts'
import { type BlobType, encodeEnd, encodeHeader, type PackedBlob, sealBlobInto, unsealBlob } from './pack-format.ts'
import type { PackSealing, Protection } from './protection.ts'
import { release } from './release.ts'
import { sealOverhead } from './sealed.ts'

/** A pack is closed as soon as it holds this many bytes. */
const packTarget = 16 * 1024 * 1024
/** Memory for a pack with its directory; a blob that is large by chance makes it grow. */
const usualCapacity = packTarget + 2 * 1024 * 1024
/** Listings are small and compress well. */
const smallCapacity = 512 * 1024

/** A pack with its content, to be written. */
export interface FinishedPack extends IndexedPack {
  readonly content: Uint8Array<ArrayBuffer>
}

/** Fills packs, one for each type of blob at a time. Takes no heed of what is stored already. */
export class Packer {
  readonly #protection: Protection
  readonly #spare: ArrayBuffer[] = []
  readonly #open: Record<BlobType, OpenPack | null> = { data: null, tree: null }
  readonly #finished: FinishedPack[] = []
  #added = 0

  constructor(protection: Protection) {
    this.#protection = protection
  }

  /** Compresses a blob into the open pack of its type. */
  add(id: string, type: BlobType, bytes: Uint8Array): void {
    const { codec, stored } = compressed(bytes)
    const pack = this.#opened(type)
    this.#added += pack.add({ id, type, codec, length: bytes.length }, stored)
    release(stored, bytes)
    if (pack.size >= packTarget) this.#close(type)
  }

  /** Closes the open packs; what both of them hold goes into one if it fits. */
  flush(): void {
    const { data, tree } = this.#open
    if (data && tree && data.size + tree.size <= packTarget) {
      data.takeOver(tree)
      this.#open.tree = null
    }
    this.#close('data')
    this.#close('tree')
    for (const memory of this.#spare.splice(0)) release(new Uint8Array(memory))
  }

  /** The packs that were closed, and the bytes stored, since this was last called. */
  take(): { readonly packs: readonly FinishedPack[]; readonly added: number } {
    const added = this.#added
    this.#added = 0
    return { packs: this.#finished.splice(0), added }
  }

  /** Gives back the memory of a pack that is written, to fill the next one in it. */
  reuse(buffer: ArrayBuffer): void {
    if (this.#spare.length === 0) this.#spare.push(buffer)
  }

  #opened(type: BlobType): OpenPack {
    const known = this.#open[type]
    if (known) return known
    const memory =
      type === 'tree' ? new ArrayBuffer(smallCapacity) : (this.#spare.pop() ?? new ArrayBuffer(usualCapacity))
    const pack = new OpenPack(memory, this.#protection.sealing?.newPack() ?? null)
    this.#open[type] = pack
    return pack
  }

  #close(type: BlobType): void {
    const pack = this.#open[type]
    if (!pack) return
    this.#open[type] = null
    this.#finished.push(pack.finish())
  }
}

/** A pack that is being filled in memory. */
class OpenPack {
  readonly #sealing: PackSealing | null
  readonly #blobs: PackedBlob[] = []
  readonly #begin: number
  #content: Buffer<ArrayBuffer>
  #end: number

  constructor(memory: ArrayBuffer, sealing: PackSealing | null) {
    this.#sealing = sealing
    this.#content = Buffer.from(memory)
    this.#begin = encodeHeader(sealing).copy(this.#content)
    this.#end = this.#begin
  }

  /** Bytes of blobs in it. */
  get size(): number {
    return this.#end - this.#begin
  }

  /** Returns how many bytes it takes. */
  add(blob: Omit<PackedBlob, 'offset' | 'stored'>, bytes: Uint8Array): number {
    const stored = bytes.length + (this.#sealing ? sealOverhead : 0)
    this.#blobs.push({ ...blob, stored, offset: this.#end })
    if (!this.#sealing) this.#append(bytes)
    else {
      this.#reserve(stored)
      sealBlobInto(this.#content, this.#end, this.#sealing, blob, bytes)
      this.#end += stored
    }
    return stored
  }

  takeOver(other: OpenPack): void {
    for (const blob of other.#blobs) {
      const { offset, stored, ...rest } = blob
      const bytes = other.#content.subarray(offset, offset + stored)
      this.add(rest, other.#sealing ? (unsealBlob(other.#sealing, blob, bytes) ?? Buffer.alloc(0)) : bytes)
    }
  }

  finish(): FinishedPack {
    for (const part of encodeEnd(this.#blobs, this.#sealing)) this.#append(part)
    const content = this.#content.subarray(0, this.#end)
    const salt = this.#sealing?.salt.toString('hex')
    const id = hash('sha256', content, 'hex')
    return { id, size: content.length, ...(salt && { salt }), blobs: this.#blobs, content }
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#content.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** Makes room for so many bytes more. */
  #reserve(length: number): void {
    const end = this.#end + length
    if (end <= this.#content.length) return
    const larger = Buffer.from(
      new ArrayBuffer(Math.max(end, this.#content.length + Math.min(this.#content.length, usualCapacity / 2))),
    )
    this.#content.copy(larger, 0, 0, this.#end)
    release(this.#content)
    this.#content = larger
  }
}
