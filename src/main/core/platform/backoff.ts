/** How long to pause before trying again. Times in milliseconds. */
export interface Backoff {
  readonly firstMs: number
  /** Each pause is this many times the one before. */
  readonly factor: number
  /** No pause is longer. */
  readonly capMs: number
}

/** Part of a pause that chance may take away, so that things that failed together do not all come back together. */
const jitter = 0.2

/**
 * The pause before the `attempt`-th try (from 1), in milliseconds: `first * factor^(attempt - 1)`, at most `cap`, shortened
 * by up to a fifth. `chance` is in [0, 1). Never longer than the cap, never negative.
 */
export function backoffMs(backoff: Backoff, attempt: number, chance: number): number {
  const grown = backoff.firstMs * backoff.factor ** Math.max(0, attempt - 1)
  const capped = Math.min(backoff.capMs, grown) // an overflow to Infinity is capped like any other
  return Math.max(0, Math.round(capped * (1 - jitter * chance)))
}
