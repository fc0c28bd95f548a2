import { hash } from 'node:crypto'
import type { Crew } from '../crew/crew.ts'
import type { BlobPiece, PackedOutput } from '../crew/tasks.ts'
import type { BlobIndex } from './blob-index.ts'
import { encodeIndex, type IndexedPack } from './index-format.ts'
import { keys } from './layout.ts'
import type { BlobType } from './pack-format.ts'
import { type FinishedPack, Packer } from './packer.ts'
import type { Protection } from './protection.ts'
import { release } from './release.ts'
import type { Storage } from './storage.ts'

/** Bytes handed to a thread at once: a whole file of the usual size, or many small ones. */
const parcelSize = 2 * 1024 * 1024
/** A backup that brings little new needs no more. */
const firstSize = 256 * 1024
/** Bytes taken in and not yet compressed, and bytes of packs not yet written: bound memory, and keep the threads busy. */
const inFlightBound = 24 * 1024 * 1024

/**
 * Takes blobs in, each once, and has them compressed and written into packs. Nothing counts until {@link finish} has written
 * the index; packs of a run that ends before are whole files that no index names.
 */
export class BlobStore {
  readonly #storage: Storage
  readonly #index: BlobIndex
  readonly #crew: Pick<Crew, 'ask' | 'size'>
  readonly #taken = new Set<string>()
  readonly #written: IndexedPack[] = []
  readonly #working = new Set<Promise<void>>()
  /** Threads that have open packs. */
  readonly #packing = new Set<number>()
  #parcel = new Parcel(new ArrayBuffer(firstSize))
  /** Memory of parcels that came back, and of packs that are written. */
  readonly #parcels: ArrayBuffer[] = []
  readonly #packs: ArrayBuffer[] = []
  #next = 0
  #inFlight = 0
  #failure: unknown
  readonly #waiting: (() => void)[] = []
  /** New bytes as stored; known when {@link finish} has resolved. */
  added = 0

  constructor(storage: Storage, index: BlobIndex, crew: Pick<Crew, 'ask' | 'size'>) {
    this.#storage = storage
    this.#index = index
    this.#crew = crew
  }

  get protection(): Protection {
    return this.#storage.protection
  }

  /** Takes a blob in and returns its id at once. `bytes` may be reused by the caller afterwards. */
  put(type: BlobType, bytes: Uint8Array): string {
    const id = this.protection.identity.idOf(bytes)
    if (this.has(id)) return id
    this.#taken.add(id)
    if (!this.#parcel.fits(bytes.length)) this.#send(bytes.length)
    this.#parcel.add(id, type, bytes)
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
        this.#waiting.push(resolve)
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Writes what is still open, then the index. `beforeIndex` is called when all packs are durable. */
  async finish(beforeIndex: () => Promise<void>): Promise<readonly IndexedPack[]> {
    if (this.#packing.size === 0) this.#packHere()
    else {
      this.#send(0)
      for (const by of this.#packing) this.#work(this.#crew.ask('flush', null, { by }).then((out) => this.#take(out)))
    }
    await this.#settled()
    // What follows needs memory of its own.
    for (const spare of [...this.#parcels.splice(0), ...this.#packs.splice(0)]) release(new Uint8Array(spare))
    await beforeIndex()
    if (this.#written.length > 0) await writeIndex(this.#storage, this.#written)
    for (const pack of this.#written) this.#index.add(pack)
    this.#taken.clear()
    return this.#written
  }

  /** So little that no thread was started for it, as in most backups. */
  #packHere(): void {
    const packer = new Packer(this.protection)
    const { bytes, blobs } = this.#parcel
    for (const { id, type, start, length } of blobs) packer.add(id, type, new Uint8Array(bytes, start, length))
    packer.flush()
    this.#work(this.#take(packer.take()))
  }

  /** Hands the parcel to the next thread and begins one that `size` bytes fit in. */
  #send(size: number): void {
    const { bytes, blobs } = this.#parcel
    this.#parcel = new Parcel(
      size <= parcelSize ? (this.#parcels.pop() ?? new ArrayBuffer(parcelSize)) : new ArrayBuffer(size),
    )
    if (blobs.length === 0) return
    const by = this.#next++ % this.#crew.size
    this.#packing.add(by)
    const { byteLength } = bytes
    this.#inFlight += byteLength
    const spare = this.#packs.splice(0, 1)
    this.#work(
      this.#crew.ask('pack', { bytes, blobs, spare }, { by, transfer: [bytes, ...spare] }).then((out) => {
        this.#inFlight -= byteLength
        if (byteLength === parcelSize) this.#parcels.push(out.bytes)
        return this.#take(out)
      }),
    )
  }

  async #take({ packs, added }: PackedOutput): Promise<void> {
    this.added += added
    await Promise.all(packs.map((pack) => this.#write(pack)))
  }

  async #write({ content, ...pack }: FinishedPack): Promise<void> {
    this.#inFlight += pack.size
    await this.#storage.write(keys.pack(pack.id), content, { fixed: true })
    this.#inFlight -= pack.size
    this.#written.push(pack)
    if (this.#packs.length === 0) this.#packs.push(content.buffer)
  }

  #work(work: Promise<void>): void {
    const tracked = work
      .catch((error) => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#working.delete(tracked)
        for (const goOn of this.#waiting.splice(0)) goOn()
      })
    this.#working.add(tracked)
  }

  async #settled(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** Blobs that go to a thread together. */
class Parcel {
  readonly bytes: ArrayBuffer
  readonly blobs: BlobPiece[] = []
  readonly #view: Uint8Array
  #end = 0

  constructor(bytes: ArrayBuffer) {
    this.bytes = bytes
    this.#view = new Uint8Array(bytes)
  }

  fits(length: number): boolean {
    return this.#end + length <= this.#view.length
  }

  add(id: string, type: BlobType, bytes: Uint8Array): void {
    this.#view.set(bytes, this.#end)
    this.blobs.push({ id, type, start: this.#end, length: bytes.length })
    this.#end += bytes.length
  }
}

/** Writes an index file for the packs, named by the SHA-256 of its content. Resolves with its key. */
export async function writeIndex(storage: Storage, packs: readonly IndexedPack[]): Promise<string> {
  const content = encodeIndex(packs)
  const key = keys.index(hash('sha256', content, 'hex'))
  await storage.write(key, content, { fixed: true })
  return key
}
