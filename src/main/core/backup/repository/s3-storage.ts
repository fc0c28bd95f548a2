import { type Clock, systemClock } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { notEmpty, taken } from './folder-storage.ts'
import { ownNames } from './layout.ts'
import { noProtection } from './protection.ts'
import type { S3Address } from './s3/address.ts'
import { BlockCache } from './s3/block-cache.ts'
import { type S3Patience, S3Requests, usualPatience } from './s3/client.ts'
import { S3Lease } from './s3/lease.ts'
import type { Durability, Storage, StoredFile, WriteOptions } from './storage.ts'

export interface S3Ports {
  readonly clock?: Clock
  readonly patience?: Partial<S3Patience>
}

/** A repository in a bucket of an S3-compatible server. What a put has answered is durable: S3 promises that. */
export class S3Storage implements Storage {
  readonly kind = 's3'
  readonly place: string
  readonly workFolder = null
  readonly protection = noProtection()
  readonly #requests: S3Requests
  readonly #clock: Clock
  readonly #blocks: BlockCache
  #lease: S3Lease | undefined

  constructor(address: S3Address, { clock = systemClock({ keepAlive: true }), patience }: S3Ports = {}) {
    this.#clock = clock
    this.#requests = new S3Requests(address, clock, { ...usualPatience, ...patience })
    this.#blocks = new BlockCache(async (key, offset, length) => {
      return (await this.#requests.get(key, { offset, length }))?.content
    })
    this.place = this.#requests.place
  }

  durability(): Durability {
    return 'strong'
  }

  async read(key: string): Promise<Buffer | undefined> {
    return (await this.#requests.get(key))?.content
  }

  readRange(key: string, offset: number, length: number): Promise<Buffer | undefined> {
    return this.#blocks.read(key, offset, length)
  }

  async write(key: string, content: string | Uint8Array, { ifAbsent = false }: WriteOptions = {}): Promise<void> {
    this.#lease?.assertHeld()
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    // Asked first too: a server that does not know conditions would replace what is there.
    if (ifAbsent && (await this.exists(key))) throw taken(this.place, key)
    const written = await this.#requests.put(key, bytes, ifAbsent ? { absent: true } : null)
    if (written === false) throw taken(this.place, key)
    this.#blocks.forget(key)
  }

  async remove(key: string): Promise<void> {
    this.#lease?.assertHeld()
    await this.#requests.remove(key)
    this.#blocks.forget(key)
  }

  async list(prefix: string): Promise<readonly StoredFile[]> {
    return (await this.#requests.list(prefix)).files
  }

  exists(key: string): Promise<boolean> {
    return this.#requests.exists(key)
  }

  async prepare(): Promise<void> {
    const { files, folders } = await this.#requests.list('')
    const names = [...folders.map((name) => name.replace(/\/$/, '')), ...files.map(({ key }) => key)]
    const strange = names.find((name) => !ownNames.has(name))
    if (strange !== undefined) throw notEmpty(this.place, strange)
  }

  async lock(what: string): Promise<AsyncDisposable> {
    if (this.#lease)
      throw new ConsoleError('repository-busy', `The backups in ${this.place} are locked already.`, 'Try again later.')
    const lease = await S3Lease.take(this.#requests, what, this.#clock)
    this.#lease = lease
    return {
      [Symbol.asyncDispose]: async () => {
        if (this.#lease !== lease) return
        this.#lease = undefined
        await lease[Symbol.asyncDispose]()
      },
    }
  }

  async freeBytes(): Promise<number | null> {
    return null
  }

  [Symbol.dispose](): void {
    this.#requests[Symbol.dispose]()
  }
}
