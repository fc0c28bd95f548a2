import { createHash } from 'node:crypto'

/** What a blob holds: a piece of a file, or the listing of a folder. */
export type BlobType = 'data' | 'tree'
/** How its bytes are stored. */
export type Codec = 'raw' | 'zstd'

/** Where a blob lies in its pack. Lengths and offsets in bytes. */
export interface PackedBlob {
  /** SHA-256 of the bytes before compression, hex. */
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
const formatVersion = 1
export const headerLength = 16
export const entryLength = 48
export const trailerLength = 48

const types: readonly BlobType[] = ['data', 'tree']
const codecs: readonly Codec[] = ['raw', 'zstd']

/** The first 16 bytes of a pack. The last four are flags; none is defined yet. */
export function encodeHeader(): Buffer {
  const header = Buffer.alloc(headerLength)
  headerMagic.copy(header)
  header.writeUInt32LE(formatVersion, 8)
  return header
}

/** The directory of a pack: one entry of 48 bytes for each blob. */
export function encodeDirectory(blobs: readonly PackedBlob[]): Buffer {
  const directory = Buffer.alloc(blobs.length * entryLength)
  blobs.forEach((blob, index) => {
    const at = index * entryLength
    directory.write(blob.id, at, 'hex')
    directory.writeUInt8(types.indexOf(blob.type), at + 32)
    directory.writeUInt8(codecs.indexOf(blob.codec), at + 33)
    // Byte 34 names the cipher, 35 is reserved; 0 is "none".
    directory.writeUInt32LE(blob.offset, at + 36)
    directory.writeUInt32LE(blob.stored, at + 40)
    directory.writeUInt32LE(blob.length, at + 44)
  })
  return directory
}

/** The last 48 bytes: number of blobs, flags, SHA-256 of the directory, and the end mark. */
export function encodeTrailer(count: number, directory: Uint8Array): Buffer {
  const trailer = Buffer.alloc(trailerLength)
  trailer.writeUInt32LE(count, 0)
  createHash('sha256').update(directory).digest().copy(trailer, 8)
  trailerMagic.copy(trailer, 40)
  return trailer
}

/** Reads directory entries. Undefined when one of them cannot be one: unknown type, codec or cipher. */
export function decodeDirectory(directory: Buffer): readonly PackedBlob[] | undefined {
  if (directory.length % entryLength !== 0) return undefined
  const blobs: PackedBlob[] = []
  for (let at = 0; at < directory.length; at += entryLength) {
    const type = types[directory.readUInt8(at + 32)]
    const codec = codecs[directory.readUInt8(at + 33)]
    if (!type || !codec || directory.readUInt16LE(at + 34) !== 0) return undefined
    blobs.push({
      id: directory.toString('hex', at, at + 32),
      type,
      codec,
      offset: directory.readUInt32LE(at + 36),
      stored: directory.readUInt32LE(at + 40),
      length: directory.readUInt32LE(at + 44),
    })
  }
  return blobs
}

/** The blobs of a whole pack as it says itself. Undefined when it is not a pack of this version, or damaged at its end. */
export function readPack(pack: Buffer): readonly PackedBlob[] | undefined {
  if (pack.length < headerLength + trailerLength || !pack.subarray(0, headerLength).equals(encodeHeader()))
    return undefined
  const trailer = pack.subarray(pack.length - trailerLength)
  const start = pack.length - trailerLength - trailer.readUInt32LE(0) * entryLength
  if (start < headerLength) return undefined
  const directory = pack.subarray(start, pack.length - trailerLength)
  if (!encodeTrailer(trailer.readUInt32LE(0), directory).equals(trailer)) return undefined
  return decodeDirectory(directory)
}
