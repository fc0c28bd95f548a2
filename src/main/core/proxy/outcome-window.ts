/** What became of calls within a sliding time, in slices of it, oldest first. Times in milliseconds of the monotonic clock. */
export type OutcomeWindow = readonly {
  /** Which slice, counted from the clock's origin. */
  readonly slice: number
  readonly calls: number
  readonly failures: number
}[]

export const emptyWindow: OutcomeWindow = []

/** A window is kept in so many slices: memory does not grow with the traffic, and what leaves it leaves a tenth at a time. */
const slices = 10

/** Adds one outcome and forgets what left the window. */
export function withOutcome(window: OutcomeWindow, failed: boolean, now: number, windowMs: number): OutcomeWindow {
  const slice = Math.floor(now / (windowMs / slices))
  const recent = window.filter((each) => each.slice > slice - slices)
  const last = recent.at(-1)
  const kept = last?.slice === slice ? recent.slice(0, -1) : recent
  const { calls, failures } = last?.slice === slice ? last : { calls: 0, failures: 0 }
  return [...kept, { slice, calls: calls + 1, failures: failures + (failed ? 1 : 0) }]
}

/** Calls and failures within the window that ends now. */
export function sumOf(
  window: OutcomeWindow,
  now: number,
  windowMs: number,
): { readonly calls: number; readonly failures: number } {
  const slice = Math.floor(now / (windowMs / slices))
  let calls = 0
  let failures = 0
  for (const each of window) {
    if (each.slice <= slice - slices) continue
    calls += each.calls
    failures += each.failures
  }
  return { calls, failures }
}
