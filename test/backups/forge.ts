import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { z } from 'zod'

/** What a directory entry claims of a blob; what is not told is true. */
export interface Claim {
  readonly id?: string
  readonly codec?: 'raw' | 'zstd'
  readonly offset?: number
  readonly stored?: number
  readonly length?: number
}

interface Blob {
  readonly type: 'data' | 'tree'
  readonly bytes: Buffer
  readonly claim: Claim
}

/**
 * Writes snapshots into an unencrypted repository as somebody could who may write to the folder and has read docs/backup-format.md. Shares
 * no code with the product.
 */
export class Forger {
  readonly #folder: string
  readonly #model: Readonly<Record<string, unknown>>
  #blobs: Blob[] = []
  #made = 0

  /** `model`: the snapshot whose record is copied. */
  constructor(folder: string, model: string) {
    this.#folder = folder
    const [line = ''] = readFileSync(join(folder, 'snapshots', `${model}.json`), 'utf8').split('\n')
    this.#model = z.record(z.string(), z.unknown()).parse(JSON.parse(line))
  }

  /** Takes a blob in. Returns the id that it will be found by. */
  blob(type: Blob['type'], bytes: Buffer, claim: Claim = {}): string {
    this.#blobs.push({ type, bytes, claim })
    return claim.id ?? sha256(bytes)
  }

  /** A folder's listing: entries as they are to be stored, whatever they are. */
  tree(entries: readonly unknown[]): string {
    return this.blob('tree', Buffer.from(JSON.stringify({ format: 1, entries })))
  }

  /** Writes what was taken in, and a snapshot of it. Returns its id. */
  snapshot(fields: Readonly<Record<string, unknown>>): string {
    this.#writeBlobs()
    const id = `sn-${String(++this.#made).padStart(16, 'f')}`
    return this.record(id, JSON.stringify({ ...this.#model, id, ...fields }))
  }

  /** Writes a record of a snapshot: any line, with the right checksum. Returns its id. */
  record(id: string, line: string): string {
    writeFileSync(join(this.#folder, 'snapshots', `${id}.json`), `${line}\n${sha256(line)}\n`)
    return id
  }

  #writeBlobs(): void {
    if (this.#blobs.length === 0) return
    const parts: Buffer[] = [Buffer.from('WHPACK\r\n\x01\0\0\0\0\0\0\0', 'latin1')]
    let offset = 16
    const entries = this.#blobs.map(({ type, bytes, claim }) => {
      const codec = claim.codec ?? 'raw'
      const stored = codec === 'zstd' ? zstdCompressSync(bytes) : bytes
      parts.push(stored)
      const entry = Buffer.alloc(48)
      entry.write(claim.id ?? sha256(bytes), 0, 'hex')
      entry.writeUInt8(type === 'tree' ? 1 : 0, 32)
      entry.writeUInt8(codec === 'zstd' ? 1 : 0, 33)
      entry.writeUInt32LE(claim.offset ?? offset, 36)
      entry.writeUInt32LE(claim.stored ?? stored.length, 40)
      entry.writeUInt32LE(claim.length ?? bytes.length, 44)
      offset += stored.length
      return entry
    })
    this.#blobs = []
    const directory = Buffer.concat(entries)
    const trailer = Buffer.alloc(48)
    trailer.writeUInt32LE(entries.length, 0)
    trailer.write(sha256(directory), 8, 'hex')
    trailer.write('WHPEND\r\n', 40, 'latin1')
    const pack = Buffer.concat([...parts, directory, trailer])
    writeFileSync(join(this.#folder, 'packs', `${sha256(pack)}.pack`), pack)
    const head = Buffer.alloc(16 + 48)
    head.write('WHINDX\r\n', 0, 'latin1')
    head.writeUInt32LE(1, 8)
    head.writeUInt32LE(1, 12)
    head.write(sha256(pack), 16, 'hex')
    head.writeBigUInt64LE(BigInt(pack.length), 48)
    head.writeUInt32LE(entries.length, 56)
    const body = Buffer.concat([head, directory])
    const index = Buffer.concat([body, Buffer.from(sha256(body), 'hex')])
    writeFileSync(join(this.#folder, 'index', `${sha256(index)}.index`), index)
  }
}

export const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
