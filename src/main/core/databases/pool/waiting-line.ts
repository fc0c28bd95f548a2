import type { Clock } from '#core/platform/index.ts'

export interface WaitOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** The error of a wait that took too long. */
  readonly late: () => Error
}

/** Somebody who waits for a T. Given or refused once; whatever comes later counts for nothing. */
export interface Waiter<T> {
  readonly settled: boolean
  give(value: T): void
  refuse(error: unknown): void
}

/** A queue in which everybody waits their turn, for a time, until called off. First come, first served. */
export class WaitingLine<T> {
  readonly #clock: Clock
  #waiting: Waiter<T>[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get length(): number {
    return this.#waiting.length
  }

  /** Resolves with what {@link next} is given; rejects with `late()`, the signal's reason, or what it is refused with. */
  wait(options: WaitOptions): Promise<T> {
    const { promise, waiter } = this.#waiter(options)
    if (!waiter.settled) this.#waiting.push(waiter)
    return promise
  }

  /** Takes the one who has waited longest out of the queue. */
  next(): Waiter<T> | undefined {
    return this.#waiting.shift()
  }

  /** Puts one back whose turn came to nothing. */
  again(waiter: Waiter<T>): void {
    if (!waiter.settled) this.#waiting.unshift(waiter)
  }

  refuseAll(error: unknown): void {
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(error)
  }

  #waiter({ timeoutMs, signal, late }: WaitOptions): { promise: Promise<T>; waiter: Waiter<T> } {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const timer = this.#clock.after(timeoutMs, () => waiter.refuse(late()))
    const onAbort = () => waiter.refuse(signal?.reason)
    let settled = false
    const settle = (end: () => void) => {
      if (settled) return
      settled = true
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', onAbort)
      this.#waiting = this.#waiting.filter((other) => other !== waiter)
      end()
    }
    const waiter: Waiter<T> = {
      get settled() {
        return settled
      },
      give: (value) => settle(() => resolve(value)),
      refuse: (error) => settle(() => reject(error)),
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    return { promise, waiter }
  }
}
