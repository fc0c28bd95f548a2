import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto'

/** AES-256-GCM as a repository uses it: a random nonce of 12 bytes, the encrypted bytes, and a tag of 16 bytes. */
const cipher = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16
/** Bytes that sealing adds. */
export const sealOverhead = nonceLength + tagLength

/** Encrypts. `what` is not stored: whoever opens must name the same, so that nothing passes for something else. */
export function seal(key: Uint8Array, what: Uint8Array, bytes: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafe(bytes.length + sealOverhead)
  const nonce = randomFillSync(sealed.subarray(0, nonceLength))
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagLength })
  sealing.setAAD(what)
  sealing.update(bytes).copy(sealed, nonceLength)
  sealing.final()
  sealing.getAuthTag().copy(sealed, nonceLength + bytes.length)
  return sealed
}

/** Decrypts. Undefined when the key is another one, when `what` is not what was sealed, or when a single bit has changed. */
export function unseal(key: Uint8Array, what: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < sealOverhead) return undefined
  const end = sealed.length - tagLength
  const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceLength), { authTagLength: tagLength })
  opening.setAAD(what)
  opening.setAuthTag(sealed.subarray(end))
  const bytes = opening.update(sealed.subarray(nonceLength, end))
  try {
    opening.final()
    return bytes
  } catch {
    return undefined
  }
}
