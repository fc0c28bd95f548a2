import type { Clock } from '#core/platform/index.ts'

/** Signals that ask the host to stop: Ctrl-C, a service manager, a terminal that went away. */
const asking = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** npm and the terminal both hand on one Ctrl-C: what comes this soon after the first is the same request. Milliseconds. */
const sameRequestMs = 500

/** When the host is asked to stop, and when it is asked again because that takes too long. */
export interface StopRequests extends Disposable {
  /** Resolves with the signal. */
  readonly first: Promise<string>
  /** Resolves at the next request that is one of its own. */
  readonly again: Promise<string>
}

/** Where signals come from: `process`. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
}

/** Listens for the signals until disposed. */
export function stopRequests(source: SignalSource, clock: Clock): StopRequests {
  const first = Promise.withResolvers<string>()
  const again = Promise.withResolvers<string>()
  let firstAt: number | null = null
  const take = (signal: NodeJS.Signals) => {
    const now = clock.monotonic()
    if (firstAt === null) {
      firstAt = now
      first.resolve(signal)
    } else if (now - firstAt >= sameRequestMs) again.resolve(signal)
  }
  for (const signal of asking) source.on(signal, take)
  return {
    first: first.promise,
    again: again.promise,
    [Symbol.dispose]() {
      for (const signal of asking) source.off(signal, take)
    },
  }
}
