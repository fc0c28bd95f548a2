/** What a route's function did. */
export interface CallCounts {
  /** Messages that it was given and answered, and those of them for which it threw or gave nothing that can go on. */
  readonly calls: number
  readonly failed: number
  /** Messages for which it took too long, and those with which its process ended otherwise. */
  readonly timedOut: number
  readonly ended: number
  /** How long it took for those that it answered, milliseconds together. */
  readonly ms: number
  /** Why the newest file cannot be used, the end of a sentence; null when it can. */
  readonly failure: string | null
  /** Whether an older one is in use meanwhile. */
  readonly keptOld: boolean
}

/** Counts the calls of one route's function. */
export class CallLedger {
  #counts: CallCounts = { calls: 0, failed: 0, timedOut: 0, ended: 0, ms: 0, failure: null, keptOld: false }
  readonly #touched: () => void

  constructor(touched: () => void) {
    this.#touched = touched
  }

  answer(calls: number, failed: number, ms: number): void {
    const { calls: before, failed: failedBefore, ms: msBefore } = this.#counts
    this.#change({ calls: before + calls, failed: failedBefore + failed, ms: msBefore + ms })
  }

  timeOut(): void {
    this.#change({ timedOut: this.#counts.timedOut + 1 })
  }

  end(): void {
    this.#change({ ended: this.#counts.ended + 1 })
  }

  /** The newest file can be used, or cannot. */
  load(failure: string | null, keptOld: boolean): void {
    this.#change({ failure, keptOld })
  }

  counts(): CallCounts {
    return this.#counts
  }

  #change(part: Partial<CallCounts>): void {
    this.#counts = { ...this.#counts, ...part }
    this.#touched()
  }
}

/** What two of them make together: of one thread, and of those before it. */
export function sumOfCalls(before: CallCounts | null, now: CallCounts | null): CallCounts | null {
  if (before === null || now === null) return now
  return {
    ...now,
    calls: before.calls + now.calls,
    failed: before.failed + now.failed,
    timedOut: before.timedOut + now.timedOut,
    ended: before.ended + now.ended,
    ms: before.ms + now.ms,
  }
}
