import type { Clock } from '#core/platform/index.ts'

/** How one call of a service ended. */
export type CallEnd =
  /** The other side's answer was passed on. */
  | 'answered'
  /** The configured answer was given in its place. */
  | 'fallback'
  /** It failed, and there is no other answer. */
  | 'failed'
  /** The caller went away. */
  | 'abandoned'
  /** The call was not allowed: method, path, size. */
  | 'refused'

/** A call that did not end in the other side's answer. Its path is without its query, which may hold secrets. */
export interface TroubledCall {
  readonly at: number
  readonly requestId: string
  readonly caller: string
  readonly method: string
  readonly path: string
  readonly ms: number
  readonly end: CallEnd
  readonly sentence: string
}

export interface Figures {
  readonly calls: number
  readonly ends: Readonly<Record<CallEnd, number>>
  /** Tries at the other side, those that failed, and those beyond the first of a call. */
  readonly tries: { readonly total: number; readonly failed: number; readonly repeated: number }
  /** Calls that never reached the other side: the breaker was open, or as many were under way as may be. */
  readonly kept: { readonly open: number; readonly busy: number }
  readonly perSecond: number
  /** Milliseconds until answers began, over the newest 1,000. */
  readonly p50: number
  readonly p99: number
  readonly lastError: { readonly at: number; readonly sentence: string } | null
  /** Newest first. */
  readonly troubled: readonly TroubledCall[]
}

const durationsKept = 1_000
const troubledKept = 20
const rateSeconds = 10

/** Counts the calls to one other side since the console was started. Bounded whatever happens. */
export class CallFigures {
  readonly #clock: Clock
  readonly #durations: number[] = []
  readonly #ends: Record<CallEnd, number> = { answered: 0, fallback: 0, failed: 0, abandoned: 0, refused: 0 }
  readonly #seconds: { at: number; calls: number }[] = []
  #troubled: readonly TroubledCall[] = []
  #next = 0
  #calls = 0
  #tries = 0
  #failed = 0
  #repeated = 0
  #open = 0
  #busy = 0
  #lastError: Figures['lastError'] = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  called(): void {
    this.#calls++
    const at = Math.floor(this.#clock.monotonic() / 1_000)
    const last = this.#seconds.at(-1)
    if (last?.at === at) last.calls++
    else this.#seconds.push({ at, calls: 1 })
    if (this.#seconds.length > rateSeconds) this.#seconds.shift()
  }

  tried(attempt: number): void {
    this.#tries++
    if (attempt > 1) this.#repeated++
  }

  answered(ms: number): void {
    this.#durations[this.#next] = ms
    this.#next = (this.#next + 1) % durationsKept
  }

  failed(sentence: string): void {
    this.#failed++
    this.noted(sentence)
  }

  /** An error that is no failed call: of a check, say. */
  noted(sentence: string): void {
    this.#lastError = { at: this.#clock.wall(), sentence }
  }

  kept(why: 'open' | 'busy'): void {
    if (why === 'open') this.#open++
    else this.#busy++
  }

  ended(end: CallEnd, troubled: Omit<TroubledCall, 'at' | 'end'> | null): void {
    this.#ends[end]++
    if (troubled)
      this.#troubled = [{ at: this.#clock.wall(), end, ...troubled }, ...this.#troubled].slice(0, troubledKept)
  }

  get figures(): Figures {
    const sorted = this.#durations.toSorted((a, b) => a - b)
    const at = (share: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
    const from = Math.floor(this.#clock.monotonic() / 1_000) - rateSeconds
    const recent = this.#seconds.filter((second) => second.at > from)
    return {
      calls: this.#calls,
      ends: { ...this.#ends },
      tries: { total: this.#tries, failed: this.#failed, repeated: this.#repeated },
      kept: { open: this.#open, busy: this.#busy },
      perSecond: rounded(recent.reduce((sum, { calls }) => sum + calls, 0) / rateSeconds),
      p50: at(0.5),
      p99: at(0.99),
      lastError: this.#lastError,
      troubled: this.#troubled,
    }
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
