import { hash } from 'node:crypto'
import { ConsoleError } from '#shared/problem.ts'
import { noProtection, type Protection } from './protection.ts'
import type { Durability, Storage, StoredFile, WriteOptions } from './storage.ts'

/**
 * A storage in which every file is sealed that is not meant to be read without the key. What knows nothing of encryption
 * reads and writes through it as through any other. In a repository without encryption it passes everything on.
 *
 * Whatever is not named here as open is sealed: a file that somebody invents later tells nothing by accident.
 */
export class SealedStorage implements Storage {
  readonly #inner: Storage
  #protection: Protection
  #locked: ConsoleError | null = null

  constructor(inner: Storage, protection: Protection = noProtection()) {
    this.#inner = inner
    this.#protection = protection
  }

  get protection(): Protection {
    return this.#protection
  }

  /** From now on files are sealed as this says. */
  open(protection: Protection): void {
    this.#protection = protection
    this.#locked = null
  }

  /** From now on whatever is sealed is refused with this. */
  lockWith(reason: ConsoleError): void {
    this.#protection = noProtection()
    this.#locked = reason
  }

  get kind() {
    return this.#inner.kind
  }

  get place() {
    return this.#inner.place
  }

  /** Working files are not sealed, so they never lie beside what is. */
  get workFolder() {
    return this.#protection.sealing ? null : this.#inner.workFolder
  }

  durability(): Durability {
    return this.#inner.durability()
  }

  async read(key: string): Promise<Buffer | undefined> {
    if (isOpen(key)) return this.#inner.read(key)
    const { sealing } = this.#unlocked()
    const content = await this.#inner.read(key)
    if (!content || !sealing) return content
    const opened = openedFrom(content, (bytes) => sealing.records.open(Buffer.from(key), bytes))
    if (typeof opened === 'string') throw this.#broken(key, opened)
    return opened
  }

  async readRange(key: string, offset: number, length: number, memory?: ArrayBuffer): Promise<Buffer | undefined> {
    if (isOpen(key)) return this.#inner.readRange(key, offset, length, memory)
    return (await this.read(key))?.subarray(offset, offset + length)
  }

  async write(key: string, content: string | Uint8Array, options?: WriteOptions): Promise<void> {
    if (isOpen(key)) return this.#inner.write(key, content, options)
    const { sealing } = this.#unlocked()
    if (!sealing) return this.#inner.write(key, content, options)
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    return this.#inner.write(key, closed(sealing.records.seal(Buffer.from(key), bytes)), options)
  }

  remove(key: string): Promise<void> {
    return this.#inner.remove(key)
  }

  list(prefix: string): Promise<readonly StoredFile[]> {
    return this.#inner.list(prefix)
  }

  exists(key: string): Promise<boolean> {
    return this.#inner.exists(key)
  }

  prepare(): Promise<void> {
    return this.#inner.prepare()
  }

  lock(what: string): Promise<AsyncDisposable> {
    return this.#inner.lock(what)
  }

  freeBytes(): Promise<number | null> {
    return this.#inner.freeBytes()
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]()
  }

  #unlocked(): Protection {
    if (this.#locked) throw this.#locked
    return this.#protection
  }

  #broken(key: string, why: string): ConsoleError {
    return new ConsoleError(
      'repository-damaged',
      `The file ${key} of the backups in ${this.place} cannot be used: ${why}.`,
      'Use another snapshot; bring the file back from a copy of the backup folder, and check the disk and who may write to it.',
      { params: { file: key } },
    )
  }
}

/**
 * What is readable without the key: what is needed to find it (config, key files), packs, which are sealed blob by blob, and
 * that a restore happened, which must be noted even where the key is missing.
 */
function isOpen(key: string): boolean {
  return key === 'config.json' || /^(keys|packs)\//.test(key) || /^marks\/[^/]+\.applied\.json$/.test(key)
}

const magic = Buffer.from('WHSEAL\r\n')
const headLength = 16
const sumLength = 32

/** The container of a sealed file: head, what was sealed, and the SHA-256 of both, which tells damage from forgery. */
function closed(sealed: Uint8Array): Buffer {
  const head = Buffer.alloc(headLength)
  magic.copy(head)
  head.writeUInt32LE(1, 8)
  const body = Buffer.concat([head, sealed])
  return Buffer.concat([body, hash('sha256', body, 'buffer')])
}

/** Whether a sealed file is as it was written, which can be told without the key; undefined when it is not a sealed one. */
export function isSealedWhole(file: Buffer): boolean | undefined {
  if (file.length < headLength + sumLength || !file.subarray(0, 8).equals(magic)) return undefined
  const body = file.subarray(0, file.length - sumLength)
  return hash('sha256', body, 'buffer').equals(file.subarray(body.length))
}

/** What was sealed, or why it cannot be had. */
function openedFrom(file: Buffer, open: (sealed: Buffer) => Buffer | undefined): Buffer | string {
  const body = file.subarray(0, Math.max(0, file.length - sumLength))
  const head = body.subarray(0, headLength)
  if (head.length < headLength || !head.subarray(0, 8).equals(magic))
    return 'it is not encrypted, though all of them are'
  if (!hash('sha256', body, 'buffer').equals(file.subarray(body.length))) return 'its checksum does not match'
  if (head.readUInt32LE(8) !== 1) return 'a newer version of the console wrote it'
  return (
    open(body.subarray(headLength)) ??
    'it was not written with the key of these backups under this name: somebody exchanged or forged it'
  )
}
