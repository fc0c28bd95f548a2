import { scrypt } from 'node:crypto'
import { z } from 'zod'

/** How a passphrase becomes a key: scrypt (RFC 7914). `N` is its cost, a power of two. */
export interface ScryptParameters {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** 128 MiB and about half a second: OWASP's recommendation for scrypt. Its algorithm is in every runtime; argon2 is not. */
export const usualScrypt: ScryptParameters = { N: 2 ** 17, r: 8, p: 1 }

/** Memory that a key file may ask for: 128 × N × r bytes. */
const mostMemory = 512 * 1024 * 1024
/** Work that a key file may ask for, against the usual one. */
const mostWork = 16 * usualScrypt.N * usualScrypt.r

/**
 * Parameters as they stand in a key file, which anybody with the folder can write: bounded, so that reading one can neither
 * fill the memory nor keep the console busy for hours.
 */
export const scryptSchema = z
  .object({
    N: z
      .number()
      .int()
      .min(2 ** 14)
      .max(2 ** 22),
    r: z.number().int().min(1).max(32),
    p: z.number().int().min(1).max(16),
  })
  .refine(({ N }) => (N & (N - 1)) === 0, 'N is no power of two')
  .refine(({ N, r }) => 128 * N * r <= mostMemory, 'it asks for too much memory')
  .refine(({ N, r, p }) => N * r * p <= mostWork, 'it asks for too much work')

/** 32 bytes from a passphrase, in a thread of the pool. Ways to type one letter count as one (NFKC). */
export function keyFromPassphrase(passphrase: string, salt: Buffer, { N, r, p }: ScryptParameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const maxmem = 128 * N * r + 128 * r * p + 1024 * 1024
    scrypt(passphrase.normalize('NFKC'), salt, 32, { N, r, p, maxmem }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
