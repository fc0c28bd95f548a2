import { createHmac, pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { parsePasswordHash } from '#core/config/index.ts'

/** How a user is known: by the password itself, or by its hash. */
export type KnownBy = { readonly password: string } | { readonly hash: string }

/** `busy`: more passwords wait to be compared with hashes than are compared; the same may succeed a moment later. */
export type Verdict = 'right' | 'wrong' | 'busy'

/** Hashes that are worked out at a time, each in a thread of the pool, and how many may wait. */
const mostAtOnce = 2
const mostWaiting = 20

/** Wrong passwords of hashed users that are remembered, so that a client that tries the same again and again costs nothing. */
const mostRemembered = 200

/**
 * Compares passwords without telling by the time it takes how much of one was right. What a hash is worked out for is remembered as a keyed
 * digest, never as itself, so that a flood of clients costs one hash for each password.
 */
export class Passwords {
  readonly #users: ReadonlyMap<string, KnownBy>
  readonly #key = randomBytes(32)
  readonly #right = new Map<string, Buffer>()
  readonly #wrong = new Set<string>()
  readonly #waiting: (() => void)[] = []
  #atWork = 0

  constructor(users: Readonly<Record<string, KnownBy>>) {
    this.#users = new Map(Object.entries(users))
  }

  check(user: string, password: Buffer): Verdict | Promise<Verdict> {
    const digest = this.#digest(user, password)
    const known = this.#users.get(user)
    if (known && 'password' in known) {
      return timingSafeEqual(digest, this.#digest(user, Buffer.from(known.password))) ? 'right' : 'wrong'
    }
    if (!known) {
      timingSafeEqual(digest, this.#digest(user, Buffer.alloc(0)))
      return 'wrong'
    }
    const right = this.#right.get(user)
    if (right && timingSafeEqual(digest, right)) return 'right'
    if (this.#wrong.has(digest.toString('base64'))) return 'wrong'
    if (this.#atWork >= mostAtOnce && this.#waiting.length >= mostWaiting) return 'busy'
    return this.#compare(user, known.hash, password, digest)
  }

  async #compare(user: string, hash: string, password: Buffer, digest: Buffer): Promise<Verdict> {
    if (this.#atWork >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#atWork++
    try {
      const right = await fits(hash, password)
      if (right) this.#right.set(user, digest)
      else this.#rememberWrong(digest.toString('base64'))
      return right ? 'right' : 'wrong'
    } finally {
      this.#atWork--
      this.#waiting.shift()?.()
    }
  }

  #rememberWrong(digest: string): void {
    if (this.#wrong.size >= mostRemembered)
      for (const oldest of this.#wrong.keys()) {
        this.#wrong.delete(oldest)
        break
      }
    this.#wrong.add(digest)
  }

  #digest(user: string, password: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(`${user.length}:${user}`).update(password).digest()
  }
}

/** Whether a password comes to a hash, worked out in a thread of the pool. */
function fits(text: string, password: Buffer): Promise<boolean> {
  const hash = parsePasswordHash(text)
  if (!hash) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    const compare = (error: Error | null, key: Buffer) =>
      error ? reject(error) : resolve(key.length === hash.key.length && timingSafeEqual(key, hash.key))
    if (hash.how === 'pbkdf2-sha512') {
      pbkdf2(password, hash.salt, hash.iterations, hash.key.length, 'sha512', compare)
    } else {
      const { cost, blockSize, parallel: parallelization } = hash
      const maxmem = 256 * cost * blockSize
      scrypt(password, hash.salt, hash.key.length, { cost, blockSize, parallelization, maxmem }, compare)
    }
  })
}
