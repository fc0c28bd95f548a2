import type { Probe } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { freshProbe, type ProbeState, withAnswer } from './probe-state.ts'
import type { Check, RunCheck } from './types.ts'

export interface ProbeWatchOptions {
  readonly check: Check
  readonly rules: Pick<Probe, 'everyMs' | 'timeoutMs' | 'failures' | 'successes'>
  readonly run: RunCheck
  readonly clock: Clock
  /** Told after every answer. */
  readonly onAnswer: (state: ProbeState) => void
}

/**
 * Tries a check at once and then every `everyMs`, counted from the beginning of the try before and never two at a time.
 * Disposing it ends a try that is under way; nothing is told afterwards.
 */
export function watchProbe({ check, rules, run, clock, onAnswer }: ProbeWatchOptions): Disposable {
  const ended = new AbortController()
  let state = freshProbe
  let timer: Disposable | undefined

  const attempt = async () => {
    const began = clock.monotonic()
    const answer = await run(check, rules.timeoutMs, ended.signal)
    if (ended.signal.aborted) return
    state = withAnswer(state, rules, answer, clock.wall())
    timer = clock.after(Math.max(0, rules.everyMs - (clock.monotonic() - began)), () => void attempt())
    onAnswer(state)
  }
  void attempt()

  return {
    [Symbol.dispose]() {
      ended.abort()
      timer?.[Symbol.dispose]()
    },
  }
}
