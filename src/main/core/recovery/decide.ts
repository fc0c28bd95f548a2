import type { PolicyDefinition } from '#core/config/index.ts'
import { backoffMs } from '#core/platform/index.ts'

/** What is known of one policy and one subject at this moment. Times on the clock of `now`. */
export interface Facts {
  /** Since when the condition holds without a break; null while it does not. */
  readonly since: number | null
  /** Whether the opposite is sure. A service that is just starting is neither in trouble nor well. */
  readonly well: boolean
  /** Why nothing may be done now, as it ends a sentence: "maintenance"; null when it may. */
  readonly held: string | null
  /** Something else is being done to the same subject. */
  readonly busy: boolean
}

/** An attempt of the past on the same subject by the same policy. */
export interface PastAttempt {
  readonly begun: number
  readonly ended: number
  readonly step: number
  /** Whether it counts for the day: not when there was nothing to do, nothing was done, or a person was only called. */
  readonly counts: boolean
  /** Whether the trouble that it was for is over. */
  readonly over: boolean
}

export type Decision =
  | { readonly do: 'rest'; readonly state: 'armed' }
  | { readonly do: 'rest'; readonly state: 'cooling-down'; readonly until: number }
  /** The trouble is over: what was done for it is closed. */
  | { readonly do: 'close' }
  /** It acts at `until` if the condition holds on: `waiting` for the condition to last, or `pausing` between two steps. */
  | { readonly do: 'wait'; readonly state: 'waiting' | 'pausing' | 'cooling-down'; readonly until: number }
  | { readonly do: 'yield' }
  | { readonly do: 'hold'; readonly why: string }
  | { readonly do: 'act'; readonly step: number }
  /**
   * All steps were done, or as many as a day allows; it begins again at `until`. `idle`: no step found anything to do, so it has
   * nothing to say and does not begin again while this trouble lasts.
   */
  | { readonly do: 'give-up'; readonly state: 'used-up' | 'climbed' | 'idle'; readonly until: number | null }

export const dayMs = 24 * 60 * 60_000

/**
 * What a policy does about a subject now. A function of what is given, so that the same history after a restart of the console
 * leads to the same next step.
 */
export function decide(policy: PolicyDefinition, facts: Facts, history: readonly PastAttempt[], now: number): Decision {
  const last = history.reduce<PastAttempt | null>(
    (newest, each) => (newest && newest.begun >= each.begun ? newest : each),
    null,
  )
  const rested = last === null ? now : last.ended + policy.coolDownMs
  if (facts.since === null) {
    if (last && !last.over && facts.well) return { do: 'close' }
    return last?.over && rested > now
      ? { do: 'rest', state: 'cooling-down', until: rested }
      : { do: 'rest', state: 'armed' }
  }
  const lasted = facts.since + policy.forMs
  if (lasted > now) return { do: 'wait', state: 'waiting', until: lasted }
  const counted = history.filter(({ counts, begun }) => counts && now - begun < dayMs)
  const next = last === null || last.over ? 0 : last.step + 1
  if (counted.length >= policy.perDay) {
    const freed = counted.map(({ begun }) => begun + dayMs).sort((a, b) => a - b)[counted.length - policy.perDay]
    return { do: 'give-up', state: 'used-up', until: freed ?? now + dayMs }
  }
  if (next >= policy.steps.length) {
    if (history.every(({ over, counts }) => over || !counts)) return { do: 'give-up', state: 'idle', until: null }
    if (rested > now) return { do: 'give-up', state: 'climbed', until: rested }
  }
  const step = next >= policy.steps.length ? 0 : next
  if (last?.over && rested > now) return { do: 'wait', state: 'cooling-down', until: rested }
  if (last?.counts && !last.over && step > 0) {
    const paused = last.ended + backoffMs(policy.backoff, step, 0)
    if (paused > now) return { do: 'wait', state: 'pausing', until: paused }
  }
  if (facts.busy) return { do: 'yield' }
  return facts.held === null ? { do: 'act', step } : { do: 'hold', why: facts.held }
}
