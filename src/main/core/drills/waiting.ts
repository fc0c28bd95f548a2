import { type Clock, delay } from '#core/platform/index.ts'

export interface Waiting {
  readonly clock: Clock
  /** On the monotonic clock. */
  readonly deadline: number
  readonly signal: AbortSignal
}

/** How often it is looked. Measured times are this exact. Milliseconds. */
const lookEveryMs = 10

/**
 * Looks until there is something to see. Resolves with that, or with null at the deadline; rejects with what `look` throws and with the
 * signal's reason.
 */
export async function seen<T>(
  look: () => T | null | Promise<T | null>,
  { clock, deadline, signal }: Waiting,
  everyMs = lookEveryMs,
): Promise<T | null> {
  for (;;) {
    signal.throwIfAborted()
    const found = await look()
    if (found !== null) return found
    if (clock.monotonic() >= deadline) return null
    await delay(clock, everyMs, signal)
  }
}
