import type { Clock } from '#core/platform/index.ts'
import type { SiteDatabaseView } from '#shared/contract/state.ts'
import type { SessionCounts } from './pool/sessions.ts'
import { shownText } from './sql.ts'

/** Statements that take longer are listed. Milliseconds. */
const slowMs = 40
/** Different slow statements that are told apart; the quickest of them makes room for a new one. */
const slowKept = 200
const durationsKept = 1_000
/** Rates are taken over this many seconds. */
const rateSeconds = 10
const errorSeconds = 60

/** Counts what is done with one database, from the start of the console on. Bounded whatever is asked of it. */
export class DatabaseStatistics implements SessionCounts {
  readonly #clock: Clock
  readonly #durations: number[] = []
  readonly #slow = new Map<string, { count: number; worstMs: number }>()
  /** Per second of the monotonic clock, newest last, at most {@link errorSeconds}. */
  readonly #seconds: { at: number; statements: number; failed: number }[] = []
  #next = 0
  #total = 0
  #failed = 0
  #retried = 0
  #committed = 0
  #rolledBack = 0
  #lastError: { at: number; sentence: string } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  statement(text: string, ms: number, failed: boolean): void {
    this.#total++
    if (failed) this.#failed++
    const second = this.#second()
    second.statements++
    if (failed) second.failed++
    this.#durations[this.#next] = ms
    this.#next = (this.#next + 1) % durationsKept
    if (ms > slowMs) this.#noteSlow(shownText(text), ms)
  }

  committed(): void {
    this.#committed++
  }

  rolledBack(): void {
    this.#rolledBack++
  }

  retried(): void {
    this.#retried++
  }

  failed(error: unknown): void {
    this.#lastError = { at: this.#clock.wall(), sentence: error instanceof Error ? error.message : String(error) }
  }

  get lastError(): SiteDatabaseView['lastError'] {
    return this.#lastError
  }

  get sessions(): SiteDatabaseView['sessions'] {
    return { committed: this.#committed, rolledBack: this.#rolledBack }
  }

  /** Statements and failures of the last minute, for health. */
  get lastMinute(): { readonly statements: number; readonly failed: number } {
    return this.#over(errorSeconds)
  }

  get queries(): SiteDatabaseView['queries'] {
    const sorted = this.#durations.toSorted((a, b) => a - b)
    const at = (share: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
    return {
      total: this.#total,
      perSecond: rounded(this.#over(rateSeconds).statements / rateSeconds),
      failed: this.#failed,
      retried: this.#retried,
      p50: at(0.5),
      p99: at(0.99),
    }
  }

  /** The slowest first, at most 20. */
  get slow(): SiteDatabaseView['slow'] {
    return [...this.#slow]
      .map(([sql, { count, worstMs }]) => ({ sql, count, worstMs: rounded(worstMs) }))
      .sort((a, b) => b.worstMs - a.worstMs)
      .slice(0, 20)
  }

  #noteSlow(text: string, ms: number): void {
    const known = this.#slow.get(text)
    if (known) {
      known.count++
      known.worstMs = Math.max(known.worstMs, ms)
      return
    }
    if (this.#slow.size >= slowKept) {
      const [quickest] = [...this.#slow].sort(([, a], [, b]) => a.worstMs - b.worstMs)
      if (quickest) this.#slow.delete(quickest[0])
    }
    this.#slow.set(text, { count: 1, worstMs: ms })
  }

  #second() {
    const at = Math.floor(this.#clock.monotonic() / 1_000)
    const last = this.#seconds.at(-1)
    if (last?.at === at) return last
    const second = { at, statements: 0, failed: 0 }
    this.#seconds.push(second)
    if (this.#seconds.length > errorSeconds) this.#seconds.shift()
    return second
  }

  #over(seconds: number) {
    const from = Math.floor(this.#clock.monotonic() / 1_000) - seconds
    const within = this.#seconds.filter(({ at }) => at > from)
    return {
      statements: within.reduce((sum, { statements }) => sum + statements, 0),
      failed: within.reduce((sum, { failed }) => sum + failed, 0),
    }
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
