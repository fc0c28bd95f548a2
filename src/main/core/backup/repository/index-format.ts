import { createHash } from 'node:crypto'
import { decodeDirectory, encodeDirectory, entryLength, type PackedBlob } from './pack-format.ts'

/** What an index says of one pack: its blobs and its size in bytes. */
export interface IndexedPack {
  /** SHA-256 of the whole file, hex; also its name. */
  readonly id: string
  readonly size: number
  readonly blobs: readonly PackedBlob[]
}

const magic = Buffer.from('WHINDX\r\n')
const headLength = 16
const packHeadLength = 48

/** An index file: head, packs with their directories, and the SHA-256 of all that. See docs/backup-format.md. */
export function encodeIndex(packs: readonly IndexedPack[]): Buffer {
  const head = Buffer.alloc(headLength)
  magic.copy(head)
  head.writeUInt32LE(1, 8)
  head.writeUInt32LE(packs.length, 12)
  const parts: Buffer[] = [head]
  for (const pack of packs) {
    const packHead = Buffer.alloc(packHeadLength)
    packHead.write(pack.id, 0, 'hex')
    packHead.writeBigUInt64LE(BigInt(pack.size), 32)
    packHead.writeUInt32LE(pack.blobs.length, 40)
    parts.push(packHead, encodeDirectory(pack.blobs))
  }
  const body = Buffer.concat(parts)
  return Buffer.concat([body, createHash('sha256').update(body).digest()])
}

/** Undefined when the file is damaged or not an index of this version: the packs themselves are then read instead. */
export function decodeIndex(file: Buffer): readonly IndexedPack[] | undefined {
  if (file.length < headLength + 32) return undefined
  const body = file.subarray(0, file.length - 32)
  if (
    !createHash('sha256')
      .update(body)
      .digest()
      .equals(file.subarray(file.length - 32))
  )
    return undefined
  if (!body.subarray(0, 8).equals(magic) || body.readUInt32LE(8) !== 1) return undefined
  const packs: IndexedPack[] = []
  let at = headLength
  for (let left = body.readUInt32LE(12); left > 0; left--) {
    if (at + packHeadLength > body.length) return undefined
    const count = body.readUInt32LE(at + 40)
    const end = at + packHeadLength + count * entryLength
    if (end > body.length) return undefined
    const blobs = decodeDirectory(body.subarray(at + packHeadLength, end))
    if (!blobs) return undefined
    packs.push({ id: body.toString('hex', at, at + 32), size: Number(body.readBigUInt64LE(at + 32)), blobs })
    at = end
  }
  return at === body.length ? packs : undefined
}
