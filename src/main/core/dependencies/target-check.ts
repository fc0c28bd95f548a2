import type { Clock } from '#core/platform/index.ts'
import type { ProtectedTarget } from '#core/proxy/index.ts'
import { askTarget } from './ask-target.ts'
import type { CheckAnswer, TargetPlan } from './protocol.ts'

/** While calls are tried again a check follows the one before it so soon. Milliseconds. */
const soonMs = 1_000

/**
 * Asks one target how it is when nobody calls it. While its breaker is half-open the checks are its trials, so that it closes
 * without a caller; while it is open they are only shown.
 */
export class TargetCheck implements Disposable {
  readonly #target: ProtectedTarget
  readonly #clock: Clock
  #plan: TargetPlan
  #timer: Disposable | null = null
  #running: Promise<CheckAnswer> | null = null
  #last: CheckAnswer | null = null
  #ended = new AbortController()

  constructor(target: ProtectedTarget, plan: TargetPlan, clock: Clock) {
    this.#target = target
    this.#plan = plan
    this.#clock = clock
    this.#schedule(0)
  }

  get last(): CheckAnswer | null {
    return this.#last
  }

  redefine(plan: TargetPlan): void {
    const isSame = JSON.stringify(plan.check) === JSON.stringify(this.#plan.check) && plan.url === this.#plan.url
    this.#plan = plan
    if (!isSame) this.#schedule(0)
  }

  /** The breaker has another state: the next check may be due sooner. */
  stateChanged(): void {
    if (!this.#running) this.#schedule(this.#pauseMs())
  }

  /** Checks now; joins a check that is under way. Null when nothing is checked. */
  async now(): Promise<CheckAnswer | null> {
    if (this.#plan.check === null || this.#ended.signal.aborted) return null
    this.#running ??= this.#check().finally(() => {
      this.#running = null
      this.#schedule(this.#pauseMs())
    })
    return await this.#running
  }

  [Symbol.dispose](): void {
    this.#ended.abort()
    this.#timer?.[Symbol.dispose]()
  }

  #schedule(ms: number): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
    if (this.#plan.check === null || this.#ended.signal.aborted) return
    this.#timer = this.#clock.after(ms, () => void this.now())
  }

  #pauseMs(): number {
    const everyMs = this.#plan.check?.everyMs ?? 0
    const { gate } = this.#target
    if (gate.breaker.state === 'half-open') return Math.min(soonMs, everyMs)
    const opensAt = gate.nextTryAt
    return opensAt === null ? everyMs : Math.min(everyMs, Math.max(0, opensAt - this.#clock.wall()) + 1)
  }

  async #check(): Promise<CheckAnswer> {
    const { gate } = this.#target
    const timeoutMs = this.#plan.check?.timeoutMs ?? 0
    const isTrial = gate.breaker.state === 'half-open'
    const placing = isTrial ? gate.place(timeoutMs + soonMs) : null
    const began = this.#clock.monotonic()
    const { ok, sentence } = await askTarget(this.#plan, this.#clock, this.#ended.signal)
    const ms = Math.round(this.#clock.monotonic() - began)
    this.#last = { at: this.#clock.wall(), ok, sentence, ms }
    if (!ok) this.#target.note(sentence)
    if (placing?.admitted) gate.settle(placing.ticket, ok ? 'success' : 'failure')
    else if (!isTrial) gate.checked(ok)
    return this.#last
  }
}
