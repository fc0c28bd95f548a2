import { createHash, createHmac, createSecretKey, hash } from 'node:crypto'

/** Gives blobs their ids: what has the same id is the same. */
export interface BlobIdentity {
  /** 32 bytes in hex. */
  idOf(bytes: Uint8Array): string
}

/** Of a repository without encryption: the SHA-256 of the bytes. */
export const plainIdentity: BlobIdentity = { idOf: (bytes) => hash('sha256', bytes, 'hex') }

const block = 64
/** Up to here a copy behind the padded key, hashed at once, is faster than `createHmac` by what making one costs. */
const short = 128 * 1024

/**
 * Of an encrypted repository: HMAC-SHA-256, so that nobody without the key can tell whether a known file is in it. Ids of
 * one content differ between repositories.
 */
export function keyedIdentity(key: Buffer): BlobIdentity {
  if (key.length > block) throw new Error('a key is 64 bytes long at most')
  const inner = Buffer.alloc(block + short, 0x36)
  const outer = Buffer.alloc(block + 32, 0x5c)
  for (let at = 0; at < key.length; at++) {
    inner[at] = 0x36 ^ (key[at] ?? 0)
    outer[at] = 0x5c ^ (key[at] ?? 0)
  }
  const ready = createSecretKey(key)
  return {
    idOf(bytes) {
      if (bytes.length > short) return createHmac('sha256', ready).update(bytes).digest('hex')
      inner.set(bytes, block)
      outer.set(hash('sha256', inner.subarray(0, block + bytes.length), 'buffer'), block)
      return hash('sha256', outer, 'hex')
    },
  }
}

/**
 * The table that chunks are cut by: entry i is the first four bytes, little endian and signed, of SHA-256 over
 * `wheelhouse gear ` and the byte i; with a key of HMAC-SHA-256 over the same, so that where files are cut tells nothing of them.
 */
export function gearTable(key: Buffer | null): Int32Array {
  const table = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    const hashing = key ? createHmac('sha256', key) : createHash('sha256')
    table[byte] = hashing.update('wheelhouse gear ').update(Uint8Array.of(byte)).digest().readInt32LE(0)
  }
  return table
}
