import type { Clock } from '#core/platform/index.ts'
import {
  type Breaker,
  type BreakerRecord,
  type BreakerRule,
  breakerAt,
  checked,
  closedBreaker,
  isolated,
  type Outcome,
  type Placing,
  place,
  rememberedBreaker,
  reset,
  settle,
  type Ticket,
  triesAgainAt,
} from './breaker.ts'

/** One breaker on the clock: asks the pure functions, and tells every change of state. */
export class BreakerGate {
  readonly #clock: Clock
  readonly #onChanged: (breaker: Breaker) => void
  #rule: BreakerRule
  #breaker: Breaker
  /** Wall-clock time of the last change of state. */
  #since: number

  constructor(rule: BreakerRule, record: BreakerRecord | null, clock: Clock, onChanged: (breaker: Breaker) => void) {
    this.#rule = rule
    this.#clock = clock
    this.#onChanged = onChanged
    this.#since = record?.at ?? clock.wall()
    const moment = { now: clock.monotonic(), wall: clock.wall() }
    this.#breaker = record ? rememberedBreaker(record, rule, moment) : closedBreaker()
  }

  /** The breaker as it is at this moment. */
  get breaker(): Breaker {
    return this.#become(breakerAt(this.#breaker, this.#rule, this.#clock.monotonic()))
  }

  /** What is to be remembered of it. */
  get record(): BreakerRecord {
    const { state, because } = this.breaker
    return { state, because, at: this.#since }
  }

  /** Wall-clock time at which calls are tried again; null when it is not open. */
  get nextTryAt(): number | null {
    const at = triesAgainAt(this.breaker, this.#rule)
    return at === null ? null : Math.round(this.#clock.wall() + at - this.#clock.monotonic())
  }

  /** Whether a call that was placed now would be admitted. */
  get admits(): boolean {
    return place(this.#breaker, this.#rule, this.#clock.monotonic(), 1).admitted
  }

  /** Takes another rule; the state stays. */
  redefine(rule: BreakerRule): void {
    this.#rule = rule
  }

  place(withinMs: number): Placing {
    const placing = place(this.#breaker, this.#rule, this.#clock.monotonic(), withinMs)
    this.#become(placing.breaker)
    return placing
  }

  settle(ticket: Ticket, outcome: Outcome): void {
    this.#become(settle(this.#breaker, this.#rule, ticket, outcome, this.#clock.monotonic()))
  }

  checked(ok: boolean): void {
    this.#become(checked(this.#breaker, this.#rule, ok, this.#clock.monotonic()))
  }

  isolate(): void {
    this.#become(isolated(this.#breaker))
  }

  reset(): void {
    this.#become(reset(this.#breaker))
  }

  #become(breaker: Breaker): Breaker {
    const before = this.#breaker
    this.#breaker = breaker
    if (breaker.epoch !== before.epoch) {
      this.#since = this.#clock.wall()
      this.#onChanged(breaker)
    }
    return breaker
  }
}
