import type { Clock } from '#core/platform/index.ts'

interface Timer {
  readonly at: number
  readonly action: () => void
}

/** A clock that stands at the time of the message that is being replayed, and goes through what falls due on the way there. */
export class ReplayClock implements Clock {
  readonly #timers = new Set<Timer>()
  #now: number

  /** `at` is wall-clock milliseconds. */
  constructor(at: number) {
    this.#now = at
  }

  wall(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, action: () => void): Disposable {
    const timer = { at: this.#now + Math.max(0, ms), action }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => this.#timers.delete(timer) }
  }

  /** Goes on to a time; one that lies behind is where the clock is already. */
  advanceTo(at: number): void {
    for (let next = this.#due(at); next !== undefined; next = this.#due(at)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.action()
    }
    this.#now = Math.max(this.#now, at)
  }

  #due(at: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= at && (first === undefined || timer.at < first.at)) first = timer
    return first
  }
}
