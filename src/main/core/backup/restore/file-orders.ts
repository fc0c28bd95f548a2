import { closeSync, constants, openSync } from 'node:fs'
import type { Crew } from '../crew/crew.ts'
import type { Dress, FileToWrite, StoredPiece, WriteFailure } from '../crew/tasks.ts'
import { writeFiles } from '../crew/write-files.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import type { FileEntry } from '../repository/tree.ts'

/** What goes to a thread at once, whichever is reached first: bytes as stored, bytes as written, files. */
const orderStored = 4 * 1024 * 1024
const orderLength = 64 * 1024 * 1024
const orderFiles = 512
/** Less than this is written at once: a thread would have to start first. */
const writeHere = 128 * 1024

const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW = 0 } = constants

export interface FileOrderPorts {
  readonly reader: BlobReader
  readonly crew: Crew
  /** Told when a file is complete, with its size. */
  readonly onFile: (bytes: number) => void
}

/**
 * Has the contents of many files written by threads: what neighbours in a pack is read at once, and files or parts of them go
 * to whichever thread has least to do. {@link settled} tells how it went.
 */
export class FileOrders {
  readonly #ports: FileOrderPorts
  readonly #running = new Set<Promise<void>>()
  #order = new Order()
  #failure: unknown

  constructor(ports: FileOrderPorts) {
    this.#ports = ports
  }

  /** Takes a new file in; waits while enough is being written. `path` must not exist. Rejects once anything failed. */
  async write(path: Buffer, entry: FileEntry, dress: Dress): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const size = entry.sparse ? entry.size : null
    const stored = new Set(entry.chunks).size > 1 ? this.#storedBytes(entry) : 0
    const large = stored > orderStored || entry.size > orderLength
    if (large) await this.#writeLarge(path, entry, size, dress)
    else {
      this.#order.begin({ path, create: true, sparse: entry.sparse === true, size, dress })
      let position = 0
      for (const id of entry.chunks) position += this.#order.add(id, position, this.#ports.reader)
      this.#order.done.push(entry.size)
      if (this.#order.isFull()) await this.#send()
    }
  }

  /** Writes what is left and waits for all of it. */
  async settled(): Promise<void> {
    await this.#send()
    while (this.#running.size > 0) await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** In parts, so that several threads write it and none has to hold much of it. */
  async #writeLarge(path: Buffer, entry: FileEntry, size: number | null, dress: Dress): Promise<void> {
    closeSync(openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600))
    const sparse = entry.sparse === true
    const part = { path, create: false, sparse, size: null, dress: null }
    const parts: Promise<void>[] = []
    let order = new Order()
    order.begin(part)
    let position = 0
    for (const id of entry.chunks) {
      position += order.add(id, position, this.#ports.reader)
      if (!order.isFull()) continue
      await this.#room()
      parts.push(this.#track(this.#run(order)))
      order = new Order()
      order.begin(part)
    }
    await this.#room()
    parts.push(this.#track(this.#run(order)))
    const last = new Order()
    last.begin({ ...part, size, dress })
    last.done.push(entry.size)
    void this.#track(Promise.all(parts).then(() => (this.#failure === undefined ? this.#run(last) : undefined)))
  }

  #storedBytes(entry: FileEntry): number {
    let sum = 0
    for (const id of new Set(entry.chunks)) sum += this.#ports.reader.location(id).stored
    return sum
  }

  async #send(): Promise<void> {
    const order = this.#order
    this.#order = new Order()
    if (order.files.length === 0) return
    await this.#room()
    void this.#track(this.#run(order))
  }

  async #room(): Promise<void> {
    while (this.#running.size > this.#ports.crew.size) await Promise.race(this.#running)
  }

  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
    return tracked
  }

  async #run({ files, ids, done, stored }: Order): Promise<void> {
    const { reader, crew, onFile } = this.#ports
    const blobs: StoredPiece[] = await reader.stored(ids)
    const order = { blobs, files }
    const failure =
      stored < writeHere
        ? writeFiles(order, reader.protection)
        : await crew.ask('write', order, { transfer: [...new Set(blobs.map(({ bytes }) => bytes.buffer))] })
    if (failure) throw asError(failure, reader)
    for (const size of done) onFile(size)
  }
}

/** Files, or parts of one, that are written together. */
class Order {
  readonly files: (Omit<FileToWrite, 'pieces'> & { readonly pieces: { blob: number; position: number }[] })[] = []
  readonly ids: string[] = []
  /** Sizes of the files that are complete with it. */
  readonly done: number[] = []
  stored = 0
  #length = 0
  readonly #known = new Map<string, number>()

  begin(file: Omit<FileToWrite, 'pieces'>): void {
    this.files.push({ ...file, pieces: [] })
  }

  /** Adds a piece to the file that was begun last. Returns its length. */
  add(id: string, position: number, reader: BlobReader): number {
    const { length, stored } = reader.location(id)
    let blob = this.#known.get(id)
    if (blob === undefined) {
      blob = this.ids.push(id) - 1
      this.#known.set(id, blob)
      this.stored += stored
    }
    this.files.at(-1)?.pieces.push({ blob, position })
    this.#length += length
    return length
  }

  isFull(): boolean {
    return this.stored >= orderStored || this.#length >= orderLength || this.files.length >= orderFiles
  }
}

function asError(failure: WriteFailure, reader: BlobReader): unknown {
  if (failure.type === 'blob') return reader.damaged(failure.id, failure.why)
  return Object.assign(new Error(failure.message), failure.code !== null && { code: failure.code })
}
