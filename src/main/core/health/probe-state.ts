import type { ProbeAnswer } from './types.ts'

/** What a probe's answers so far mean. `unknown` until enough answers in a row agree. */
export type ProbeVerdict = 'unknown' | 'passing' | 'failing'

export interface ProbeState {
  readonly verdict: ProbeVerdict
  /** Answers in a row of one kind; the other counter is 0. */
  readonly successes: number
  readonly failures: number
  /** The last answer and the wall-clock time at which it came. */
  readonly last: (ProbeAnswer & { readonly at: number }) | null
}

/** How many in a row it takes. Both at least 1. */
export interface ProbeRules {
  readonly failures: number
  readonly successes: number
}

/** Counts start anew with each start of the service. */
export const freshProbe: ProbeState = { verdict: 'unknown', successes: 0, failures: 0, last: null }

/**
 * Takes in one answer. From `unknown` the first success passes at once, because nothing is known against the service; only a
 * verdict of `failing` needs `successes` in a row to be taken back.
 */
export function withAnswer(state: ProbeState, rules: ProbeRules, answer: ProbeAnswer, at: number): ProbeState {
  const successes = answer.ok ? state.successes + 1 : 0
  const failures = answer.ok ? 0 : state.failures + 1
  return { verdict: verdict(state.verdict, rules, successes, failures), successes, failures, last: { ...answer, at } }
}

function verdict(before: ProbeVerdict, rules: ProbeRules, successes: number, failures: number): ProbeVerdict {
  if (failures >= rules.failures) return 'failing'
  if (before === 'unknown' && successes > 0) return 'passing'
  if (successes >= rules.successes) return 'passing'
  return before
}
