import type { Protection } from './protection.ts'

/** A file of a repository: its key and its size in bytes. */
export interface StoredFile {
  readonly key: string
  readonly size: number
}

export interface WriteOptions {
  /** Refuse with `storage-exists` when the key is taken, also by somebody who wrote it a moment ago. Else it is replaced. */
  readonly ifAbsent?: boolean
  /** The content never changes under this key (packs, index files, snapshots): where the storage can, it is made read-only. */
  readonly fixed?: boolean
}

/**
 * Whether what was written surely survives a power cut. `weak`: the storage does not support fsync (exFAT, some network
 * shares); each write was read back instead, which finds lies of the network but not of a cache.
 */
export type Durability = 'strong' | 'weak'

/**
 * Where the files of one repository lie: a folder, or a bucket. Keys are relative to the repository's root, with `/`
 * between the parts: `config.json`, `packs/<id>.pack`. One process at a time writes, which {@link lock} sees to; anybody
 * may read.
 *
 * What is not there is no error: reading it resolves with undefined. Everything else rejects with the error of the system
 * or a ConsoleError.
 */
export interface Storage extends Disposable {
  readonly kind: 'folder' | 's3'
  /** What people call it in sentences, as in "the backups in …": a path, or bucket and server. Holds no secret. */
  readonly place: string
  /**
   * A folder for the working files of whoever holds the lock, emptied when the lock is taken; null where the storage is not
   * on this machine.
   */
  readonly workFolder: string | null
  /** How what lies here is kept from others. Packs are sealed by who writes them, all other files on their way through. */
  readonly protection: Protection
  /** What is known so far: `weak` as soon as a write had to do without fsync. */
  durability(): Durability
  /** A whole file. */
  read(key: string): Promise<Buffer | undefined>
  /**
   * `length` bytes from `offset` on; fewer when the file ends before. They may lie in `memory`, which then must not be used
   * for anything else while they are needed.
   */
  readRange(key: string, offset: number, length: number, memory?: ArrayBuffer): Promise<Buffer | undefined>
  /** Writes a whole file so that it is there whole or not at all, and durably once this resolves. */
  write(key: string, content: string | Uint8Array, options?: WriteOptions): Promise<void>
  /** Durable as {@link write}; a file that is not there is as good as removed. */
  remove(key: string): Promise<void>
  /** The files directly below a prefix that ends in `/`, in order of their keys; remains of interrupted writes are left out. */
  list(prefix: string): Promise<readonly StoredFile[]>
  exists(key: string): Promise<boolean>
  /**
   * Makes the place ready for a new repository. Rejects with `repository-folder-not-empty` when something else lies there.
   */
  prepare(): Promise<void>
  /**
   * Takes the right to write. `what` says what for, for whoever is refused. Rejects with `repository-busy`, naming the owner.
   * Disposing gives it back; the death of the process does too, at once or after a while.
   */
  lock(what: string): Promise<AsyncDisposable>
  /** Bytes that may still be written; null where nobody knows. */
  freeBytes(): Promise<number | null>
}
