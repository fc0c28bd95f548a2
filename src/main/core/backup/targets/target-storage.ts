import type { TargetDefinition } from '#core/config/index.ts'
import { openStorage, type StorageAddress } from '../repository/open-storage.ts'
import { noProtection } from '../repository/protection.ts'
import type { Durability, Storage, StoredFile, WriteOptions } from '../repository/storage.ts'
import { placeOf } from './target-address.ts'

/**
 * A target that comes and goes as one storage: each call goes to where it is at that moment, and rejects with
 * `target-absent` while it is not there.
 */
export class TargetStorage implements Storage {
  readonly workFolder = null
  readonly protection = noProtection()
  readonly #target: () => TargetDefinition
  readonly #address: () => StorageAddress
  #open: { readonly key: string; readonly storage: Storage } | undefined

  /** `address` throws while there is none. */
  constructor(target: () => TargetDefinition, address: () => StorageAddress) {
    this.#target = target
    this.#address = address
  }

  get kind(): 'folder' | 's3' {
    return this.#target().kind === 's3' ? 's3' : 'folder'
  }

  get place(): string {
    return placeOf(this.#target())
  }

  durability(): Durability {
    return this.#open?.storage.durability() ?? 'strong'
  }

  async read(key: string): Promise<Buffer | undefined> {
    return this.#now().read(key)
  }

  async readRange(key: string, offset: number, length: number, memory?: ArrayBuffer): Promise<Buffer | undefined> {
    return this.#now().readRange(key, offset, length, memory)
  }

  async write(key: string, content: string | Uint8Array, options?: WriteOptions): Promise<void> {
    await this.#now().write(key, content, options)
  }

  async remove(key: string): Promise<void> {
    await this.#now().remove(key)
  }

  async list(prefix: string): Promise<readonly StoredFile[]> {
    return this.#now().list(prefix)
  }

  async exists(key: string): Promise<boolean> {
    return this.#now().exists(key)
  }

  async prepare(): Promise<void> {
    await this.#now().prepare()
  }

  async lock(what: string): Promise<AsyncDisposable> {
    return this.#now().lock(what)
  }

  async freeBytes(): Promise<number | null> {
    try {
      return await this.#now().freeBytes()
    } catch {
      return null // Nobody knows, as long as it is not there.
    }
  }

  [Symbol.dispose](): void {
    this.#open?.storage[Symbol.dispose]()
    this.#open = undefined
  }

  #now(): Storage {
    const address = this.#address()
    const key = JSON.stringify(address)
    if (this.#open?.key !== key) {
      this.#open?.storage[Symbol.dispose]()
      this.#open = { key, storage: openStorage(address) }
    }
    return this.#open.storage
  }
}
