import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Codec, type PackedBlob, unsealBlob } from './pack-format.ts'
import type { Protection } from './protection.ts'

/** The level that restic and zstd itself take: higher ones cost more time than the space that they spare is worth. */
const level = 3
/** What a buffer of Node's zlib is at least. */
const smallestBuffer = 64

/** Compresses a blob, unless that spares less than two percent. What it returns may share memory with `bytes`. */
export function compressed(bytes: Uint8Array): { readonly codec: Codec; readonly stored: Uint8Array } {
  const packed = zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    // One buffer that the outcome surely fits in.
    chunkSize: bytes.length + (bytes.length >> 7) + 128,
  })
  if (packed.length < bytes.length * 0.98) return { codec: 'zstd', stored: packed }
  return { codec: 'raw', stored: bytes }
}

/** What {@link compressed} was given. Throws a sentence without its subject when that cannot be had. */
export function expanded({ codec, length }: Pick<PackedBlob, 'codec' | 'length'>, stored: Uint8Array): Uint8Array {
  if (codec === 'raw') return stored
  try {
    return zstdDecompressSync(stored, {
      maxOutputLength: Math.max(1, length),
      chunkSize: Math.max(smallestBuffer, length),
    })
  } catch {
    throw new Error('a piece in it cannot be decompressed')
  }
}

/** A blob out of its pack: opened, decompressed, and compared with its id. Throws a sentence without its subject. */
export function unpacked(
  blob: Pick<PackedBlob, 'id' | 'type' | 'codec' | 'length'> & { readonly salt: string | undefined },
  stored: Uint8Array,
  { sealing, identity }: Protection,
): Uint8Array {
  const opened = sealing
    ? blob.salt === undefined
      ? undefined
      : unsealBlob(sealing.pack(Buffer.from(blob.salt, 'hex')), blob, stored)
    : stored
  if (!opened) throw new Error('a piece in it cannot be decrypted: it was changed, or is another one than it should be')
  const bytes = expanded(blob, opened)
  if (bytes.length === blob.length && identity.idOf(bytes) === blob.id) return bytes
  throw new Error('a piece in it has changed since it was written')
}
