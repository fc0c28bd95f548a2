import type { Probe } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { freshProbe, type ProbeState, withAnswer } from './probe-state.ts'
import type { Check, RunCheck } from './types.ts'

export interface ProbeWatchOptions {
  readonly check: Check
  readonly rules: Pick<Probe, 'delayMs' | 'everyMs' | 'timeoutMs' | 'failures' | 'successes'>
  readonly run: RunCheck
  readonly clock: Clock
  /**
   * Until it first passes, try again as soon as the time waited has grown by a tenth (`everyMs` at most): a service is found
   * to be up within a tenth of the time that it took, and a slow one is not pestered. Where earlier starts tell when it will pass,
   * it is asked often about that time, and less often before.
   */
  readonly promptly?: { readonly expectedMs: number | null }
  /** Told after every answer. */
  readonly onAnswer: (state: ProbeState) => void
}

/**
 * Tries a check at once, or after its delay, and then every `everyMs`, counted from the beginning of the try before and never two at a time.
 * Disposing it ends a try that is under way; nothing is told afterwards.
 */
export function watchProbe({ check, rules, run, clock, promptly, onAnswer }: ProbeWatchOptions): Disposable {
  const ended = new AbortController()
  const from = clock.monotonic()
  let state = freshProbe
  let timer: Disposable | undefined

  const attempt = async () => {
    const began = clock.monotonic()
    const answer = await run(check, rules.timeoutMs, ended.signal)
    if (ended.signal.aborted) return
    state = withAnswer(state, rules, answer, clock.wall())
    const now = clock.monotonic()
    const prompt = promptly && state.verdict !== 'passing'
    const everyMs = prompt ? Math.min(rules.everyMs, promptMs(began - from, promptly.expectedMs)) : rules.everyMs
    timer = clock.after(Math.max(0, everyMs - (now - began)), () => void attempt())
    onAnswer(state)
  }
  if (rules.delayMs > 0) timer = clock.after(rules.delayMs, () => void attempt())
  else void attempt()

  return {
    [Symbol.dispose]() {
      ended.abort()
      timer?.[Symbol.dispose]()
    },
  }
}

/** The least time between two tries, and that where it is known when one will pass; milliseconds. */
const leastMs = 20
const leastExpectedMs = 5
/** From which and until which share of the expected time it is asked often, and how many times in as long as the expected time. */
const aboutThen = { from: 0.8, until: 1.3, tries: 40 }

/** How long after a try that began `waited` milliseconds after the first the next one begins. */
function promptMs(waited: number, expectedMs: number | null): number {
  const usual = Math.max(leastMs, waited / 10)
  if (expectedMs === null) return usual
  const often = expectedMs * aboutThen.from
  if (waited < often) return Math.min(Math.max(leastMs, waited / 2), Math.max(leastExpectedMs, often - waited))
  return waited < expectedMs * aboutThen.until
    ? Math.min(usual, Math.max(leastExpectedMs, expectedMs / aboutThen.tries))
    : usual
}
