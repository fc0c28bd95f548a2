/** How a password was hashed, and what it must come to. */
export type PasswordHash =
  | { readonly how: 'pbkdf2-sha512'; readonly iterations: number; readonly salt: Buffer; readonly key: Buffer }
  | {
      readonly how: 'scrypt'
      readonly cost: number
      readonly blockSize: number
      readonly parallel: number
      readonly salt: Buffer
      readonly key: Buffer
    }

/** Costs beyond these would keep a processor busy for seconds with each client that connects. */
const mostIterations = 1_000_000
const mostScrypt = { ln: 17, r: 16, p: 4 }

/**
 * Reads a hash: `$7$ITERATIONS$SALT$HASH` as Mosquitto 2 writes it (PBKDF2-HMAC-SHA512), or
 * `$scrypt$ln=15,r=8,p=1$SALT$HASH` (the PHC string format); salts and hashes in base64. Null when it is neither.
 */
export function parsePasswordHash(text: string): PasswordHash | null {
  const [, iterations, salt7, key7] = /^\$7\$(\d{1,7})\$([\w+/=-]{8,})\$([\w+/=-]{40,})$/.exec(text) ?? []
  if (iterations !== undefined && salt7 !== undefined && key7 !== undefined) {
    const count = Number(iterations)
    if (count < 1 || count > mostIterations) return null
    return {
      how: 'pbkdf2-sha512',
      iterations: count,
      salt: Buffer.from(salt7, 'base64'),
      key: Buffer.from(key7, 'base64'),
    }
  }
  const scrypt = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([\w+/=-]{8,})\$([\w+/=-]{20,})$/.exec(text)
  const [, ln = '', r = '', p = '', salt = '', key = ''] = scrypt ?? []
  const within = (value: string, most: number) => Number(value) >= 1 && Number(value) <= most
  if (!within(ln, mostScrypt.ln) || !within(r, mostScrypt.r) || !within(p, mostScrypt.p)) return null
  return {
    how: 'scrypt',
    cost: 2 ** Number(ln),
    blockSize: Number(r),
    parallel: Number(p),
    salt: Buffer.from(salt, 'base64'),
    key: Buffer.from(key, 'base64'),
  }
}

export function isPasswordHash(text: string): boolean {
  return parsePasswordHash(text) !== null
}
