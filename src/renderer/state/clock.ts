/** The two clocks and the timers of the page, injected so that specs move time by hand. The same shape as the core's. */
export interface PageClock {
  /** Wall-clock milliseconds, UTC. */
  wall(): number
  /** Monotonic milliseconds. */
  monotonic(): number
  after(ms: number, action: () => void): Disposable
}

/** The browser's own clock. */
export function browserClock(): PageClock {
  return {
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, action) {
      const timer = setTimeout(action, ms)
      return { [Symbol.dispose]: () => clearTimeout(timer) }
    },
  }
}
