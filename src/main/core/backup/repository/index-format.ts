import { createHash } from 'node:crypto'
import { decodeDirectory, encodeDirectory, entryLength, type PackedBlob } from './pack-format.ts'
import { packSaltLength } from './protection.ts'

/** What an index says of one pack: its blobs and its size in bytes. */
export interface IndexedPack {
  /** SHA-256 of the whole file, hex; also its name. */
  readonly id: string
  readonly size: number
  /** In an encrypted repository what its key is made with, hex. */
  readonly salt?: string
  readonly blobs: readonly PackedBlob[]
}

const magic = Buffer.from('WHINDX\r\n')
const headLength = 16
const packHeadLength = 48
/** Version 2 names the salt of each pack behind the pack's head. */
const saltLength = { 1: 0, 2: packSaltLength } as const

/** An index file: head, packs with their directories, and the SHA-256 of all that. See docs/backup-format.md. */
export function encodeIndex(packs: readonly IndexedPack[]): Buffer {
  const head = Buffer.alloc(headLength)
  magic.copy(head)
  const version = packs.some(({ salt }) => salt !== undefined) ? 2 : 1
  head.writeUInt32LE(version, 8)
  head.writeUInt32LE(packs.length, 12)
  const parts: Buffer[] = [head]
  for (const pack of packs) {
    const packHead = Buffer.alloc(packHeadLength)
    packHead.write(pack.id, 0, 'hex')
    packHead.writeBigUInt64LE(BigInt(pack.size), 32)
    packHead.writeUInt32LE(pack.blobs.length, 40)
    const salt = Buffer.alloc(saltLength[version])
    salt.write(pack.salt ?? '', 0, 'hex')
    parts.push(packHead, salt, encodeDirectory(pack.blobs))
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
  const version = body.readUInt32LE(8)
  if (!body.subarray(0, 8).equals(magic) || (version !== 1 && version !== 2)) return undefined
  const packs: IndexedPack[] = []
  let at = headLength
  for (let left = body.readUInt32LE(12); left > 0; left--) {
    if (at + packHeadLength > body.length) return undefined
    const count = body.readUInt32LE(at + 40)
    const begin = at + packHeadLength + saltLength[version]
    const end = begin + count * entryLength
    if (end > body.length) return undefined
    const blobs = decodeDirectory(body.subarray(begin, end))
    if (!blobs) return undefined
    packs.push({
      id: body.toString('hex', at, at + 32),
      size: Number(body.readBigUInt64LE(at + 32)),
      ...(version === 2 && { salt: body.toString('hex', at + packHeadLength, begin) }),
      blobs,
    })
    at = end
  }
  return at === body.length ? packs : undefined
}
