/** First pause after a lost connection, and the longest one. Milliseconds. */
const first = 400
const cap = 10_000

/**
 * Milliseconds to wait before attempt number `attempt` (1 is the first): doubled each time up to ten seconds, then spread
 * between half and all of it by `random` (0 to 1), so that several windows do not knock in step.
 */
export function reconnectDelay(attempt: number, random: number): number {
  const full = Math.min(cap, first * 2 ** Math.min(attempt - 1, 10))
  return Math.round(full / 2 + (full / 2) * random)
}
