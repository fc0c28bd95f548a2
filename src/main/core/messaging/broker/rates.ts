import type { Rate } from '#core/config/index.ts'

/** Keys that are remembered; beyond it the one quiet longest is forgotten. */
const mostKeys = 10_000

/** So many at once for each key, then one each time a share of the period has gone by (GCRA). Times are monotonic milliseconds. */
export class KeyedRate {
  readonly #shareMs: number
  readonly #slackMs: number
  /** When each key would have used up nothing. */
  readonly #free = new Map<string, number>()

  constructor({ count, perMs }: Rate) {
    this.#shareMs = perMs / count
    this.#slackMs = perMs - this.#shareMs
  }

  /** Takes one; gives how long it has to wait until it may, 0 when it may now. One that may not has taken nothing. */
  take(key: string, now: number): number {
    const free = Math.max(now, this.#free.get(key) ?? now)
    const early = free - this.#slackMs - now
    if (early > 0) return early
    this.#put(key, free + this.#shareMs)
    return 0
  }

  /** Takes one in any case; gives how long it has to wait for its turn behind those before it. */
  reserve(key: string, now: number): number {
    const free = Math.max(now, this.#free.get(key) ?? now)
    this.#put(key, free + this.#shareMs)
    return Math.max(0, free - this.#slackMs - now)
  }

  #put(key: string, free: number): void {
    this.#free.delete(key)
    this.#free.set(key, free)
    if (this.#free.size <= mostKeys) return
    for (const oldest of this.#free.keys()) {
      this.#free.delete(oldest)
      return
    }
  }
}

interface Losses {
  readonly at: number[]
  heldUntil: number
}

/** Clients that lose their connection again and again are held off for a while, as EMQX does. Times are monotonic milliseconds. */
export class Flapping {
  readonly #rule: { readonly losses: number; readonly withinMs: number; readonly holdMs: number }
  readonly #clients = new Map<string, Losses>()

  constructor(rule: { readonly losses: number; readonly withinMs: number; readonly holdMs: number }) {
    this.#rule = rule
  }

  /** A connection of the client was lost. True when it is held off from now on. */
  lost(client: string, now: number): boolean {
    const { losses, withinMs, holdMs } = this.#rule
    const known = this.#clients.get(client) ?? { at: [], heldUntil: 0 }
    this.#clients.delete(client)
    this.#clients.set(client, known)
    if (this.#clients.size > mostKeys)
      for (const oldest of this.#clients.keys()) {
        this.#clients.delete(oldest)
        break
      }
    known.at.push(now)
    if (known.at.length > losses) known.at.shift()
    const [first = now] = known.at
    if (known.at.length < losses || now - first > withinMs) return false
    known.at.length = 0
    known.heldUntil = now + holdMs
    return true
  }

  /** How long the client is held off still, 0 when it is not. */
  heldFor(client: string, now: number): number {
    return Math.max(0, (this.#clients.get(client)?.heldUntil ?? 0) - now)
  }
}
