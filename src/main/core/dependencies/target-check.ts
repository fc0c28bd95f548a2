import { tcpCheck } from '#core/health/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { CallFailure, type ProtectedTarget, targetPath, UpstreamCall } from '#core/proxy/index.ts'
import type { CheckAnswer, TargetPlan } from './protocol.ts'

/** While calls are tried again a check follows the one before it so soon. Milliseconds. */
const soonMs = 1_000
const answerBytes = 1024 * 1024

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
    const { ok, sentence } = await this.#ask(timeoutMs)
    const ms = Math.round(this.#clock.monotonic() - began)
    this.#last = { at: this.#clock.wall(), ok, sentence, ms }
    if (!ok) this.#target.note(sentence)
    if (placing?.admitted) gate.settle(placing.ticket, ok ? 'success' : 'failure')
    else if (!isTrial) gate.checked(ok)
    return this.#last
  }

  async #ask(timeoutMs: number): Promise<{ readonly ok: boolean; readonly sentence: string }> {
    const { url, check, headers } = this.#plan
    const address = new URL(url)
    const port = address.port || (address.protocol === 'https:' ? '443' : '80')
    const { signal } = this.#ended
    if (!check || check.path === null) {
      return await tcpCheck({ type: 'tcp', address: `${address.hostname}:${port}` }, timeoutMs, signal, this.#clock)
    }
    const path = targetPath(address.pathname.replace(/\/$/, ''), check.path)
    if (!path.ok) return { ok: false, sentence: path.why }
    try {
      using call = new UpstreamCall({
        url: address,
        method: 'GET',
        path: path.path,
        headers: [...Object.entries(headers).flat(), 'host', address.host, 'user-agent', 'wheelhouse-check'],
        body: null,
        agent: null,
        timeoutMs,
        longestMs: timeoutMs,
        requestBytes: 0,
        answerBytes,
        clock: this.#clock,
        signal,
      })
      const status = (await call.answered).statusCode ?? 0
      const ok = check.status === null ? status >= 200 && status < 400 : status === check.status
      return { ok, sentence: ok ? `it answered with ${status}` : `the check ${check.path} was answered with ${status}` }
    } catch (error) {
      return { ok: false, sentence: error instanceof CallFailure ? error.message : String(error) }
    }
  }
}
