import type { PageClock } from './clock.ts'

/** The time of day for whatever shows an age: one timer for the whole page, stopped while nobody looks. */
export class Ticker {
  readonly #clock: PageClock
  readonly #listeners = new Set<() => void>()
  #now: number
  #timer: Disposable | null = null

  constructor(clock: PageClock) {
    this.#clock = clock
    this.#now = clock.wall()
  }

  /** Wall-clock milliseconds, as of the last tick; one a second. */
  get now(): number {
    if (this.#listeners.size === 0) this.#now = this.#clock.wall()
    return this.#now
  }

  onTick(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (!this.#timer) {
      this.#now = this.#clock.wall()
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
      this.#now = this.#clock.wall()
      for (const listener of this.#listeners) listener()
      this.#next()
    })
  }
}
