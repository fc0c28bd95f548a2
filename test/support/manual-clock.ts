import type { Clock } from '#core/platform/index.ts'

/** A clock that stands still until it is told to go on. Timers fire in order of their time, then of their making. */
export class ManualClock implements Clock {
  #wall: number
  #monotonic = 0
  #made = 0
  readonly #timers = new Map<number, { readonly due: number; readonly action: () => void }>()

  constructor(wall: number = Date.UTC(2026, 0, 5, 8, 0, 0)) {
    this.#wall = wall
  }

  wall(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#monotonic
  }

  after(ms: number, action: () => void): Disposable {
    const key = this.#made++
    this.#timers.set(key, { due: this.#monotonic + Math.max(0, ms), action })
    return { [Symbol.dispose]: () => void this.#timers.delete(key) }
  }

  /** How many timers wait: a component that was disposed leaves none. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Moves both clocks on by `ms`, firing what falls due on the way and letting promises run between. */
  async advance(ms: number): Promise<void> {
    const goal = this.#monotonic + ms
    for (;;) {
      await settle()
      const next = [...this.#timers]
        .filter(([, t]) => t.due <= goal)
        .sort(([a, s], [b, t]) => s.due - t.due || a - b)[0]
      if (!next) break
      const [key, timer] = next
      this.#timers.delete(key)
      this.#wall += timer.due - this.#monotonic
      this.#monotonic = timer.due
      timer.action()
    }
    this.#wall += goal - this.#monotonic
    this.#monotonic = goal
    await settle()
  }

  /** Lets the wall clock jump, as an operator or NTP would, without moving time itself. */
  jumpWall(ms: number): void {
    this.#wall += ms
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
