/**
 * The two clocks and the timers of the console, injected everywhere so that tests run on a clock they move by hand.
 * Durations are measured on the monotonic clock; only what is stored or shown uses the wall clock.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch (UTC). May jump. */
  wall(): number
  /** Monotonic time in milliseconds from an arbitrary origin. Never goes back. */
  monotonic(): number
  /** Calls `action` once, `ms` milliseconds from now. Disposing the result before then cancels it. */
  after(ms: number, action: () => void): Disposable
}

/** The machine's own clock. Timers do not keep the process alive unless `keepAlive` is set. */
export function systemClock(options: { keepAlive?: boolean } = {}): Clock {
  return {
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, action) {
      const timer = setTimeout(action, ms)
      if (!options.keepAlive) timer.unref()
      return { [Symbol.dispose]: () => clearTimeout(timer) }
    },
  }
}

/** Resolves after `ms` milliseconds of `clock`, or rejects with the signal's reason as soon as it aborts. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => {
      timer[Symbol.dispose]()
      reject(signal?.reason)
    }
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
