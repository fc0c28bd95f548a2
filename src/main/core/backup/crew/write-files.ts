import { closeSync, constants, fchmodSync, fchownSync, ftruncateSync, futimesSync, openSync, writeSync } from 'node:fs'
import { unpacked } from '../repository/blob-codec.ts'
import type { Protection } from '../repository/protection.ts'
import { release } from '../repository/release.ts'
import { isZero } from '../repository/zeros.ts'
import type { FileToWrite, StoredPiece, WriteFailure, WriteOrder } from './tasks.ts'

const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW = 0 } = constants
const holeSize = 4096

/** See {@link Tasks}. Stops at the first failure. */
export function writeFiles({ blobs, files }: WriteOrder, protection: Protection): WriteFailure | null {
  const contents = new Contents(blobs, protection)
  for (const file of files) {
    try {
      writeFile(file, contents)
    } catch (error) {
      if (error instanceof DamagedBlob) return error.failure
      const code = error instanceof Error && 'code' in error ? String(error.code) : null
      return { type: 'file', message: error instanceof Error ? error.message : String(error), code }
    }
  }
  return null
}

function writeFile({ path, create, sparse, size, pieces, dress }: FileToWrite, contents: Contents): void {
  const handle = openSync(Buffer.from(path), O_WRONLY | O_NOFOLLOW | (create ? O_CREAT | O_EXCL : 0), 0o600)
  try {
    for (const { blob, position } of pieces) {
      const { bytes, zero } = contents.of(blob)
      if (!sparse) writeAll(handle, bytes, position)
      else if (!zero) writeAround(handle, bytes, position)
    }
    if (size !== null) ftruncateSync(handle, size)
    if (!dress) return
    // Owner, then rights (a change of owner clears some), then times.
    if (dress.owner) fchownSync(handle, dress.owner.uid, dress.owner.gid)
    fchmodSync(handle, dress.mode)
    futimesSync(handle, dress.time, dress.time)
  } finally {
    closeSync(handle)
  }
}

/** Blobs of one order, each unpacked and compared with its id once for as long as it is asked for in a row. */
class Contents {
  readonly #blobs: readonly StoredPiece[]
  readonly #protection: Protection
  #at = -1
  #last: { readonly bytes: Uint8Array; readonly zero: boolean } = { bytes: new Uint8Array(0), zero: true }

  constructor(blobs: readonly StoredPiece[], protection: Protection) {
    this.#blobs = blobs
    this.#protection = protection
  }

  of(index: number): { readonly bytes: Uint8Array; readonly zero: boolean } {
    const blob = this.#blobs[index]
    if (!blob) throw new Error(`no blob ${index} in the order`)
    if (this.#at === index) return this.#last
    const before = this.#blobs[this.#at]
    if (before) release(this.#last.bytes, before.bytes)
    const bytes = this.#unpacked(blob)
    this.#last = { bytes, zero: isZero(bytes) }
    this.#at = index
    return this.#last
  }

  #unpacked(blob: StoredPiece): Uint8Array {
    try {
      return unpacked(blob, blob.bytes, this.#protection)
    } catch (error) {
      throw new DamagedBlob(blob, error instanceof Error ? error.message : String(error))
    }
  }
}

class DamagedBlob extends Error {
  readonly failure: WriteFailure

  constructor({ pack, id }: StoredPiece, why: string) {
    super(why)
    this.failure = { type: 'blob', pack, id, why }
  }
}

function writeAll(handle: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(handle, bytes, done, bytes.length - done, position + done)
  }
}

/** Writes only the blocks that are not all zeros, neighbours of them at once. */
function writeAround(handle: number, bytes: Uint8Array, position: number): void {
  let begin = -1
  for (let at = 0; at < bytes.length; at += holeSize) {
    const empty = isZero(bytes.subarray(at, Math.min(at + holeSize, bytes.length)))
    if (!empty && begin < 0) begin = at
    if (empty && begin >= 0) {
      writeAll(handle, bytes.subarray(begin, at), position + begin)
      begin = -1
    }
  }
  if (begin >= 0) writeAll(handle, bytes.subarray(begin), position + begin)
}
