import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto'
import { release } from './release.ts'

/** AES-256-GCM as a repository uses it: a random nonce of 12 bytes, the encrypted bytes, and a tag of 16 bytes. */
const cipher = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16
/** Bytes that sealing adds. */
export const sealOverhead = nonceLength + tagLength

/** 32 bytes. As a KeyObject it is made ready once; as bytes with every call, which costs more than sealing a small piece. */
export type SealingKey = KeyObject | Uint8Array

/** Encrypts. `what` is not stored: whoever opens must name the same, so that nothing passes for something else. */
export function seal(key: SealingKey, what: Uint8Array, bytes: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafe(bytes.length + sealOverhead)
  sealInto(sealed, 0, key, what, bytes)
  return sealed
}

/** The same into memory that is there, from `at` on, where `bytes.length` and {@link sealOverhead} have to fit. */
export function sealInto(target: Buffer, at: number, key: SealingKey, what: Uint8Array, bytes: Uint8Array): void {
  const nonce = randomFillSync(target.subarray(at, at + nonceLength))
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagLength })
  sealing.setAAD(what)
  const encrypted = sealing.update(bytes)
  encrypted.copy(target, at + nonceLength)
  release(encrypted)
  sealing.final()
  sealing.getAuthTag().copy(target, at + nonceLength + bytes.length)
}

/** Decrypts. Undefined when the key is another one, when `what` is not what was sealed, or when a single bit has changed. */
export function unseal(key: SealingKey, what: Uint8Array, sealed: Uint8Array): Buffer | undefined {
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
