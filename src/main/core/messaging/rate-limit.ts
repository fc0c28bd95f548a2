import TinyQueue from 'tinyqueue'
import type { RouteLimit } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'

/** Keys that are remembered at a time. Of more, the one that was quiet longest is forgotten, and what it held goes at once. */
export const mostLimitedKeys = 10_000

/** Bytes that are held at a time; beyond them what is due first goes at once. */
export const mostHeldBytes = 16 * 1024 * 1024

/** What sums of shares such as a third of a second may be off by. */
const roundingMs = 0.001

/** What one key may do, and what it holds. */
interface Allowance<T> {
  readonly key: string
  /** When the key would be back at its full allowance, monotonic: the theoretical arrival time of GCRA (ITU-T I.371). */
  fullAt: number
  held: { readonly message: T; readonly dueAt: number; readonly bytes: number } | undefined
}

/** When what a key holds may pass. */
interface Due<T> {
  readonly at: number
  readonly of: Allowance<T>
}

function dueQueue<T>(entries: Due<T>[]): TinyQueue<Due<T>> {
  return new TinyQueue(entries, (a, b) => a.at - b.at)
}

/**
 * A token bucket for each key: `count` messages may pass at once, then one each time a share of the period has gone by. What may pass
 * passes at once; what may not is given up, or held as the newest of its key until the moment at which it may.
 */
export class RateLimit<T> implements Disposable {
  readonly #clock: Clock
  readonly #release: (message: T) => void
  /** Time that one message takes of an allowance, and time that a whole allowance is worth, milliseconds. */
  readonly #shareMs: number
  readonly #burstMs: number
  /** Quiet longest first. */
  readonly #keys = new Map<string, Allowance<T>>()
  #due = dueQueue<T>([])
  #timer: Disposable | undefined
  #held = 0
  #heldBytes = 0

  /** `release` gets what was held, when it may pass. */
  constructor({ rate }: Pick<RouteLimit, 'rate'>, clock: Clock, release: (message: T) => void) {
    this.#clock = clock
    this.#release = release
    this.#shareMs = rate.perMs / rate.count
    this.#burstMs = rate.perMs
  }

  /** Messages that are held. */
  get held(): number {
    return this.#held
  }

  /** What a key holds. */
  waiting(key: string): T | undefined {
    return this.#keys.get(key)?.held?.message
  }

  /** Whether a message of this key may pass now; if so it counts. What the key holds and may pass by now goes before it. */
  admit(key: string): boolean {
    const now = this.#clock.monotonic()
    const allowance = this.#allowanceOf(key)
    if (allowance.held && allowance.held.dueAt <= now) this.#pass(allowance)
    return allowance.held === undefined && this.#take(allowance, now)
  }

  /** Keeps a message of so many bytes that may not pass yet. True when it took the place of an older one of its key, which is given up. */
  hold(key: string, message: T, bytes: number): boolean {
    const allowance = this.#allowanceOf(key)
    const before = allowance.held
    this.#heldBytes += bytes - (before?.bytes ?? 0)
    const dueAt = before?.dueAt ?? allowance.fullAt + this.#shareMs - this.#burstMs
    allowance.held = { message, dueAt, bytes }
    if (!before) {
      this.#held++
      this.#due.push({ at: dueAt, of: allowance })
      // What goes early leaves its entry behind, of a long period for long.
      if (this.#due.length > 2 * mostLimitedKeys)
        this.#due = dueQueue(this.#due.data.filter((entry) => this.#isDue(entry)))
    }
    while (this.#heldBytes > mostHeldBytes) this.#passNext()
    if (!before && this.#due.peek()?.of === allowance) this.#arm()
    return before !== undefined
  }

  /** Lets everything go that is held, the longest due first. */
  flush(): void {
    while (this.#held > 0) this.#passNext()
    this.#arm()
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #allowanceOf(key: string): Allowance<T> {
    const known = this.#keys.get(key)
    const allowance = known ?? { key, fullAt: 0, held: undefined }
    if (known) this.#keys.delete(key)
    else if (this.#keys.size >= mostLimitedKeys) this.#forgetQuietest()
    this.#keys.set(key, allowance)
    return allowance
  }

  #take(allowance: Allowance<T>, now: number): boolean {
    const from = Math.max(allowance.fullAt, now)
    if (from + this.#shareMs - now > this.#burstMs + roundingMs) return false
    allowance.fullAt = from + this.#shareMs
    return true
  }

  /**
   * Passes what a key holds. It counts as taken when it was due, so that a late timer costs the next one nothing; one that goes before
   * its time leaves no more owed than a whole allowance, or much that goes early would hold up for hours what comes after.
   */
  #pass(allowance: Allowance<T>): void {
    const { held } = allowance
    if (!held) return
    allowance.held = undefined
    const owed = Math.max(allowance.fullAt, held.dueAt) + this.#shareMs
    allowance.fullAt = Math.min(owed, this.#clock.monotonic() + this.#burstMs)
    this.#held--
    this.#heldBytes -= held.bytes
    this.#release(held.message)
  }

  /** Passes what is due first, whether or not it is due yet. */
  #passNext(): void {
    const next = this.#due.pop()
    if (next && this.#isDue(next)) this.#pass(next.of)
  }

  #forgetQuietest(): void {
    const [quietest] = this.#keys.values()
    if (!quietest) return
    this.#keys.delete(quietest.key)
    this.#pass(quietest)
  }

  /** Whether an entry of the queue still stands for what its key holds. */
  #isDue({ at, of }: Due<T>): boolean {
    return of.held?.dueAt === at
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    let next = this.#due.peek()
    while (next && !this.#isDue(next)) {
      this.#due.pop()
      next = this.#due.peek()
    }
    if (!next) return
    const ms = Math.max(1, Math.ceil(next.at - this.#clock.monotonic()))
    this.#timer = this.#clock.after(ms, () => this.#passDue())
  }

  #passDue(): void {
    const now = this.#clock.monotonic()
    for (let next = this.#due.peek(); next && next.at <= now; next = this.#due.peek()) {
      this.#due.pop()
      if (this.#isDue(next)) this.#pass(next.of)
    }
    this.#arm()
  }
}
