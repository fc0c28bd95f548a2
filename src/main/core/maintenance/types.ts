import type { Cause } from '#shared/vocabulary.ts'

/** Somebody works on the site: nothing is started again or recovered by itself, and cards are kept until it is over. */
export interface Maintenance extends AsyncDisposable {
  /** Whether it is on now. */
  readonly on: boolean
  /**
   * Switches it on, or gives it another end and reason when it is on. `forMs` from a minute to a week. Resolves, once it will survive
   * the console, with the wall-clock time at which it ends. Rejects with `maintenance-length` and the store's reasons.
   */
  begin(request: { readonly forMs: number; readonly reason: string }, cause: Cause): Promise<{ readonly until: number }>
  /** Ends it now and tells what it held back. Rejects with `maintenance-off` when it is not on. */
  end(cause: Cause): Promise<void>
  /** The console would start the site by itself now: true when that waits for the end of maintenance, which then does it. */
  deferStart(): boolean
}

/** One time of maintenance, as it is stored. */
export interface Period {
  readonly reason: string
  /** Wall-clock milliseconds, for reading only. */
  readonly began: number
  readonly forMs: number
  /** Time that the console had seen pass when it began: what its end is reckoned by. */
  readonly beganSeenMs: number
  /** Event of its beginning, and its sequence: what it held back stands behind it in the log. */
  readonly event: string
  readonly seq: number
  /** The console did not start the site by itself and does it at the end. */
  readonly startDeferred: boolean
}

/** What was held back, and what is done about it at the end. */
export interface Report {
  readonly restarts: readonly { readonly service: string; readonly what: string }[]
  readonly recoveries: readonly string[]
  readonly cards: readonly { readonly id: string; readonly title: string }[]
  /** Cards that were raised and passed again meanwhile. */
  readonly passed: number
  readonly startDeferred: boolean
}
