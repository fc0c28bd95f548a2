import type { PageClock } from './clock.ts'

/** The time of day for whatever shows an age: one timer for the whole page, stopped while nobody looks. */
export class Ticker {
  readonly #clock: PageClock
  readonly #listeners = new Set<() => void>()
  #now: number
  #timer: Disposable | null = null

  constructor(clock: PageClock) {
    this.#clock = clock
    this.#now = wholeSecond(clock)
  }

  /** Wall-clock milliseconds in whole seconds, as of the last tick: the same however often it is asked for within a second. */
  get now(): number {
    if (this.#listeners.size === 0) this.#now = wholeSecond(this.#clock)
    return this.#now
  }

  onTick(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (!this.#timer) {
      this.#now = wholeSecond(this.#clock)
      this.#next()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#timer?.[Symbol.dispose]()
      this.#timer = null
    }
  }

  #next(): void {
    this.#timer = this.#clock.after(1_000 - (this.#clock.wall() % 1_000), () => {
      this.#now = wholeSecond(this.#clock)
      for (const listener of this.#listeners) listener()
      this.#next()
    })
  }
}

function wholeSecond(clock: PageClock): number {
  return Math.floor(clock.wall() / 1_000) * 1_000
}
