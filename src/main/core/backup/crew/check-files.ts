import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { BlobIdentity } from '../repository/identity.ts'
import { isZero } from '../repository/zeros.ts'
import type { FileToCheck, Tasks } from './tasks.ts'

const { O_RDONLY, O_NOFOLLOW = 0 } = constants

/** Reads files back and compares them with the ids of their pieces, one thread for one checker: it reads into one buffer. */
export class FileChecker {
  readonly #identity: BlobIdentity
  #buffer = Buffer.alloc(0)
  /** Ids of nothing but zeros, by length: holes are long, and alike. */
  readonly #zeros = new Map<number, string>()

  constructor(identity: BlobIdentity) {
    this.#identity = identity
  }

  /** See {@link Tasks}. */
  check({ files }: Tasks['check-files']['input']): Tasks['check-files']['output'] {
    for (const file of files) {
      const why = this.#file(file)
      if (why !== null) return { path: file.path, why }
    }
    return null
  }

  #file({ path, chunks }: FileToCheck): string | null {
    const handle = openSync(Buffer.from(path), O_RDONLY | O_NOFOLLOW)
    try {
      let position = 0
      for (const { id, length } of chunks) {
        if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(Math.max(length, 1024 * 1024))
        const bytes = this.#buffer.subarray(0, length)
        for (let read = 0; read < length; ) {
          const got = readSync(handle, bytes, read, length - read, position + read)
          if (got === 0) return 'it is too short'
          read += got
        }
        if (this.#idOf(bytes) !== id) return 'its content is not what the snapshot holds'
        position += length
      }
      return null
    } finally {
      closeSync(handle)
    }
  }

  #idOf(bytes: Buffer): string {
    if (!isZero(bytes)) return this.#identity.idOf(bytes)
    const known = this.#zeros.get(bytes.length)
    if (known !== undefined) return known
    const id = this.#identity.idOf(bytes)
    this.#zeros.set(bytes.length, id)
    return id
  }
}
