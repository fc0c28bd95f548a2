import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Codec, type PackedBlob, unsealBlob } from './pack-format.ts'
import type { Protection } from './protection.ts'
import { release } from './release.ts'

/**
 * How blobs are compressed, by their length: the first that is long enough. Level 3 is what restic and zstd itself take, and
 * what it means depends on the length. Of short blobs the next levels make 4 to 5 % less for some milliseconds; larger tables
 * make 0.5 % less of long ones for nothing.
 */
const settings: readonly { readonly upTo: number; readonly params: Readonly<Record<number, number>> }[] = [
  { upTo: 16 * 1024, params: { [constants.ZSTD_c_compressionLevel]: 4 } },
  { upTo: 32 * 1024, params: { [constants.ZSTD_c_compressionLevel]: 5 } },
  { upTo: 64 * 1024, params: { [constants.ZSTD_c_compressionLevel]: 3 } },
  {
    upTo: Number.POSITIVE_INFINITY,
    params: {
      [constants.ZSTD_c_compressionLevel]: 3,
      [constants.ZSTD_c_hashLog]: 18,
      [constants.ZSTD_c_chainLog]: 16,
    },
  },
]
/** What a buffer of Node's zlib is at least. */
const smallestBuffer = 64
/** One buffer that takes everything: Node's zlib makes another one as soon as one is full to its last byte. */
const oneBufferFor = (length: number) => Math.max(smallestBuffer, length + 1)

/** Compresses a blob, unless that spares less than two percent. What it returns may share memory with `bytes`. */
export function compressed(bytes: Uint8Array): { readonly codec: Codec; readonly stored: Uint8Array } {
  const packed = zstdCompressSync(bytes, {
    params: paramsFor(bytes.length),
    // One buffer that the outcome surely fits in.
    chunkSize: bytes.length + (bytes.length >> 7) + 128,
  })
  if (packed.length < bytes.length * 0.98) return { codec: 'zstd', stored: packed }
  release(packed)
  return { codec: 'raw', stored: bytes }
}

function paramsFor(length: number): Record<number, number> {
  return { ...settings.find(({ upTo }) => length <= upTo)?.params }
}

/** What {@link compressed} was given. Throws a sentence without its subject when that cannot be had. */
export function expanded({ codec, length }: Pick<PackedBlob, 'codec' | 'length'>, stored: Uint8Array): Uint8Array {
  if (codec === 'raw') return stored
  try {
    return zstdDecompressSync(stored, {
      maxOutputLength: Math.max(1, length),
      chunkSize: oneBufferFor(length),
    })
  } catch {
    throw new Error('a piece in it cannot be decompressed')
  }
}

/** A blob out of its pack: opened, decompressed, and compared with its id. What it returns may share memory with `stored`. Throws a sentence without its subject. */
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
  if (opened.buffer !== stored.buffer) release(opened, bytes)
  if (bytes.length === blob.length && identity.idOf(bytes) === blob.id) return bytes
  throw new Error('a piece in it has changed since it was written')
}
