import { hash } from 'node:crypto'
import { type PackSealing, packSaltLength, type Sealing } from './protection.ts'
import { sealOverhead } from './sealed.ts'

/** What a blob holds: a piece of a file, or the listing of a folder. */
export type BlobType = 'data' | 'tree'
/** How its bytes are stored. */
export type Codec = 'raw' | 'zstd'

/** Where a blob lies in its pack. Lengths and offsets in bytes. */
export interface PackedBlob {
  /** Of the bytes before compression, hex: SHA-256, or HMAC-SHA-256 in an encrypted repository. */
  readonly id: string
  readonly type: BlobType
  readonly codec: Codec
  readonly offset: number
  /** Length as stored, and before compression. */
  readonly stored: number
  readonly length: number
}

/** The format is described in docs/backup-format.md; a change there is a new version of the repository. */
const headerMagic = Buffer.from('WHPACK\r\n')
const trailerMagic = Buffer.from('WHPEND\r\n')
export const headerLength = 16
export const entryLength = 48
export const trailerLength = 48
const versions = { plain: 1, sealed: 2 } as const

const types: readonly BlobType[] = ['data', 'tree']
const codecs: readonly Codec[] = ['raw', 'zstd']

/** The first bytes of a pack: 16, and in an encrypted one the 32 that its key is made with. */
export function encodeHeader(sealing: PackSealing | null): Buffer {
  const header = Buffer.alloc(headerLength)
  headerMagic.copy(header)
  header.writeUInt32LE(sealing ? versions.sealed : versions.plain, 8)
  return sealing ? Buffer.concat([header, sealing.salt]) : header
}

/** Length of the header of a pack that was written with this. */
export function headerLengthOf(sealing: PackSealing | null): number {
  return headerLength + (sealing ? packSaltLength : 0)
}

/** Puts a blob where it lies in a sealed pack: bound to its id, type, codec and length, and by the key to its pack. */
export function sealBlobInto(
  pack: Buffer,
  at: number,
  sealing: PackSealing,
  blob: Described,
  stored: Uint8Array,
): void {
  sealing.sealInto(pack, at, blobName(blob), stored)
}

/** Undefined when it is another blob than it should be, or was changed. */
export function unsealBlob(sealing: PackSealing, blob: Described, stored: Uint8Array): Buffer | undefined {
  return sealing.open(blobName(blob), stored)
}

type Described = Pick<PackedBlob, 'id' | 'type' | 'codec' | 'length'>

function blobName({ id, type, codec, length }: Described): Buffer {
  const name = Buffer.alloc(38)
  name.write(id, 0, 'hex')
  name.writeUInt8(types.indexOf(type), 32)
  name.writeUInt8(codecs.indexOf(codec), 33)
  name.writeUInt32LE(length, 34)
  return name
}

/** What follows the blobs: the directory, sealed in an encrypted pack, and the trailer. */
export function encodeEnd(blobs: readonly PackedBlob[], sealing: PackSealing | null): readonly Buffer[] {
  const plain = encodeDirectory(blobs)
  const directory = sealing ? sealing.seal(directoryName(blobs.length), plain) : plain
  return [directory, encodeTrailer(blobs.length, directory)]
}

function directoryName(count: number): Buffer {
  return Buffer.from(`directory of ${count}`)
}

/** The directory of a pack: one entry of 48 bytes for each blob. */
export function encodeDirectory(blobs: readonly PackedBlob[]): Buffer {
  const directory = Buffer.alloc(blobs.length * entryLength)
  blobs.forEach((blob, index) => {
    const at = index * entryLength
    directory.write(blob.id, at, 'hex')
    directory.writeUInt8(types.indexOf(blob.type), at + 32)
    directory.writeUInt8(codecs.indexOf(blob.codec), at + 33)
    // Bytes 34 and 35 are reserved.
    directory.writeUInt32LE(blob.offset, at + 36)
    directory.writeUInt32LE(blob.stored, at + 40)
    directory.writeUInt32LE(blob.length, at + 44)
  })
  return directory
}

/** The last 48 bytes: number of blobs, flags, SHA-256 of the directory, and the end mark. */
function encodeTrailer(count: number, directory: Uint8Array): Buffer {
  const trailer = Buffer.alloc(trailerLength)
  trailer.writeUInt32LE(count, 0)
  hash('sha256', directory, 'buffer').copy(trailer, 8)
  trailerMagic.copy(trailer, 40)
  return trailer
}

/**
 * No blob is longer: files are cut into pieces of 8 MiB at most, and a listing of 128 MiB has some 400,000 entries. What claims more
 * would only take the memory.
 */
const longestBlob = 128 * 1024 * 1024

/** Reads directory entries. Undefined when one of them cannot be one: unknown type, codec or cipher, or longer than any. */
export function decodeDirectory(directory: Buffer): readonly PackedBlob[] | undefined {
  if (directory.length % entryLength !== 0) return undefined
  const blobs: PackedBlob[] = []
  const hex = directory.toString('hex')
  for (let at = 0; at < directory.length; at += entryLength) {
    const type = types[directory.readUInt8(at + 32)]
    const codec = codecs[directory.readUInt8(at + 33)]
    if (!type || !codec || directory.readUInt16LE(at + 34) !== 0) return undefined
    if (directory.readUInt32LE(at + 40) > longestBlob || directory.readUInt32LE(at + 44) > longestBlob) return undefined
    blobs.push({
      id: hex.slice(2 * at, 2 * at + 64),
      type,
      codec,
      offset: directory.readUInt32LE(at + 36),
      stored: directory.readUInt32LE(at + 40),
      length: directory.readUInt32LE(at + 44),
    })
  }
  return blobs
}

/** What a whole pack says of itself. */
export interface ReadPack {
  readonly blobs: readonly PackedBlob[]
  /** In an encrypted repository, hex. */
  readonly salt?: string
}

/**
 * The blobs of a whole pack as it says itself. Undefined when it is not a pack, is damaged at its end, or is not sealed as
 * the repository is: an encrypted one takes no open packs, an open one no sealed ones.
 */
export function readPack(pack: Buffer, sealing: Sealing | null): ReadPack | undefined {
  const start = headerLength + (sealing ? packSaltLength : 0)
  if (pack.length < start + trailerLength) return undefined
  const salt = pack.subarray(headerLength, start)
  const packSealing = sealing?.pack(salt) ?? null
  if (!pack.subarray(0, start).equals(encodeHeader(packSealing))) return undefined
  const trailer = pack.subarray(pack.length - trailerLength)
  const count = trailer.readUInt32LE(0)
  const end = pack.length - trailerLength
  const from = end - count * entryLength - (packSealing ? sealOverhead : 0)
  if (from < start) return undefined
  const stored = pack.subarray(from, end)
  if (!encodeTrailer(count, stored).equals(trailer)) return undefined
  const directory = packSealing ? packSealing.open(directoryName(count), stored) : stored
  const blobs = directory && decodeDirectory(directory)
  return blobs && { blobs, ...(packSealing && { salt: salt.toString('hex') }) }
}
