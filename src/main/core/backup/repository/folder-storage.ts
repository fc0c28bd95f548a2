import * as nodeFiles from 'node:fs'
import { dirname, join } from 'node:path'
import { freeBytes, newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { lockFolder } from './folder-lock.ts'
import { areas, ownNames } from './layout.ts'
import { noProtection } from './protection.ts'
import type { Durability, Storage, StoredFile, WriteOptions } from './storage.ts'

/** What a folder needs of the system; specs put faults in between. */
export type FileCalls = Pick<typeof nodeFiles, 'promises' | 'openSync' | 'readSync' | 'closeSync'>

/** Files kept open for reading parts of them. */
const openBound = 24
/**
 * Brought to the disk at once. Whoever else wants something durable on the same disk, such as the console for its events, waits until
 * that is done. Bytes.
 */
const syncedAtOnce = 2 * 1024 * 1024
/** What systems say that have no fsync for this file or folder. */
const noSync = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
const noLink = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** A repository in a folder of this machine, or on a disk or share that is mounted there. */
export class FolderStorage implements Storage {
  readonly kind = 'folder'
  readonly place: string
  readonly workFolder: string
  readonly protection = noProtection()
  readonly #files: FileCalls
  readonly #mount: string | undefined
  /** Open files by key, the one used longest ago first. */
  readonly #open = new Map<string, number>()
  #durability: Durability = 'strong'

  constructor(folder: string, { files = nodeFiles, mount }: { files?: FileCalls; mount?: string | undefined } = {}) {
    this.place = folder
    this.workFolder = join(folder, 'tmp')
    this.#files = files
    this.#mount = mount
  }

  durability(): Durability {
    return this.#durability
  }

  async read(key: string): Promise<Buffer | undefined> {
    return orMissing(this.#files.promises.readFile(this.#path(key)))
  }

  async readRange(key: string, offset: number, length: number, memory?: ArrayBuffer): Promise<Buffer | undefined> {
    const handle = this.#handle(key)
    if (handle === undefined) return undefined
    const bytes = memory && memory.byteLength >= length ? Buffer.from(memory, 0, length) : Buffer.allocUnsafe(length)
    let read = 0
    // Synchronous on purpose: pieces are small and mostly in the cache, and a turn through the thread pool costs more.
    while (read < length) {
      const got = this.#files.readSync(handle, bytes, read, length - read, offset + read)
      if (got === 0) break
      read += got
    }
    return bytes.subarray(0, read)
  }

  async write(key: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    const path = this.#path(key)
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const temporary = join(dirname(path), `.${newId('tmp')}`)
    const { promises } = this.#files
    try {
      await this.#fill(temporary, bytes, options.fixed ? 0o400 : 0o600)
      if (options.ifAbsent) await this.#nameIfAbsent(temporary, key)
      else await promises.rename(temporary, path)
    } catch (error) {
      await promises.unlink(temporary).catch(() => {})
      throw error
    }
    this.#close(key)
    await this.#syncFolder(dirname(path))
    if (this.#durability === 'weak') await this.#readBack(key, bytes)
  }

  async remove(key: string): Promise<void> {
    this.#close(key)
    if ((await orMissing(this.#files.promises.unlink(this.#path(key)).then(() => true))) === undefined) return
    await this.#syncFolder(dirname(this.#path(key)))
  }

  async list(prefix: string): Promise<readonly StoredFile[]> {
    const folder = this.#path(prefix)
    const names = (await orMissing(this.#files.promises.readdir(folder))) ?? []
    const found: StoredFile[] = []
    for (const name of names.sort()) {
      if (name.startsWith('.')) continue
      const stat = await orMissing(this.#files.promises.stat(join(folder, name)))
      if (stat?.isFile()) found.push({ key: prefix + name, size: stat.size })
    }
    return found
  }

  async exists(key: string): Promise<boolean> {
    return (await orMissing(this.#files.promises.stat(this.#path(key)))) !== undefined
  }

  async prepare(): Promise<void> {
    const { promises } = this.#files
    await this.#assertMounted()
    await promises.mkdir(this.place, { recursive: true, mode: 0o700 })
    const strange = (await promises.readdir(this.place)).find((name) => !ownNames.has(name) && !name.startsWith('.'))
    if (strange) throw notEmpty(this.place, strange)
    for (const area of Object.values(areas)) await promises.mkdir(this.#path(area), { recursive: true, mode: 0o700 })
    await this.#syncFolder(this.place)
    await this.#syncFolder(dirname(this.place))
  }

  async lock(what: string): Promise<AsyncDisposable> {
    await this.#assertMounted()
    return lockFolder(this.place, this.workFolder, what)
  }

  freeBytes(): Promise<number | null> {
    return freeBytes(this.place)
  }

  [Symbol.dispose](): void {
    for (const handle of this.#open.values()) this.#files.closeSync(handle)
    this.#open.clear()
  }

  #path(key: string): string {
    return join(this.place, ...key.split('/'))
  }

  /** A drive that was pulled leaves an empty folder on the disk of the system, which must not be written to in its stead. */
  async #assertMounted(): Promise<void> {
    const mount = this.#mount
    if (mount === undefined) return
    const { stat } = this.#files.promises
    const [there, above] = await Promise.all([stat(mount), stat(dirname(mount))]).catch(() => [null, null])
    if (there && above && there.dev !== above.dev) return
    throw new ConsoleError(
      'target-absent',
      `The drive of the backups is not mounted at ${mount} any more.`,
      'Plug it in again; the backup is made up for.',
      { params: { folder: this.place }, retryable: true },
    )
  }

  async #fill(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    const handle = await this.#files.promises.open(path, 'wx', mode)
    try {
      let written = 0
      do {
        const end = Math.min(bytes.length, written + syncedAtOnce)
        while (written < end) written += (await handle.write(bytes, written, end - written)).bytesWritten
        await this.#synced(handle.sync())
      } while (written < bytes.length)
    } finally {
      await handle.close()
    }
  }

  /** A link fails when the name is taken, which a rename does not. */
  async #nameIfAbsent(temporary: string, key: string): Promise<void> {
    const { promises } = this.#files
    const path = this.#path(key)
    try {
      await promises.link(temporary, path)
      await promises.unlink(temporary)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw taken(this.place, key)
      if (!noLink.has(codeOf(error))) throw error
      // A disk without hard links: the lock keeps others of this program away, and that has to do.
      if (await this.exists(key)) throw taken(this.place, key)
      await promises.rename(temporary, path)
    }
  }

  async #syncFolder(path: string): Promise<void> {
    if (process.platform === 'win32') return
    const handle = await this.#files.promises.open(path, 'r')
    try {
      await this.#synced(handle.sync())
    } finally {
      await handle.close()
    }
  }

  /** A disk that has no fsync is noted as weak; an fsync that failed is an error like any other. */
  async #synced(sync: Promise<void>): Promise<void> {
    try {
      await sync
    } catch (error) {
      if (!noSync.has(codeOf(error))) throw error
      this.#durability = 'weak'
    }
  }

  async #readBack(key: string, written: Uint8Array): Promise<void> {
    const there = await this.read(key)
    if (there?.equals(written)) return
    throw new ConsoleError(
      'storage-not-kept',
      `${key} was written to ${this.place} and reads back differently.`,
      'Do not rely on this disk or share; check its cable, or use another one.',
      { params: { folder: this.place, key }, retryable: true },
    )
  }

  #handle(key: string): number | undefined {
    const known = this.#open.get(key)
    if (known !== undefined) {
      this.#open.delete(key)
      this.#open.set(key, known)
      return known
    }
    if (this.#open.size >= openBound) {
      const [oldest = ''] = this.#open.keys()
      this.#close(oldest)
    }
    try {
      const handle = this.#files.openSync(this.#path(key), 'r')
      this.#open.set(key, handle)
      return handle
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** A file that is replaced or removed is not read on through its old handle. */
  #close(key: string): void {
    const handle = this.#open.get(key)
    if (handle === undefined) return
    this.#open.delete(key)
    this.#files.closeSync(handle)
  }
}

async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function taken(place: string, key: string): ConsoleError {
  return new ConsoleError(
    'storage-exists',
    `${key} is in ${place} already, so it was not written.`,
    'Look who else writes to the same place, then try again.',
    { params: { folder: place, key }, retryable: true },
  )
}

export function notEmpty(place: string, found: string): ConsoleError {
  return new ConsoleError(
    'repository-folder-not-empty',
    `The backup folder ${place} holds other files (such as "${found}") and no backups.`,
    'Choose an empty folder for the backups.',
    { params: { folder: place, found } },
  )
}
