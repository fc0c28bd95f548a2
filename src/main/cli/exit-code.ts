import type { Problem } from '#shared/problem.ts'

/** What a script learns from the exit code. */
export const exitCodes = { done: 0, failed: 1, refused: 2 } as const

/** Problems of what was asked for, or of the moment: nothing was done, and nothing broke. */
const refusals: readonly string[] = [
  'bad-input',
  'confirmation-needed',
  'control-socket-taken',
  'host-needed',
  'job-busy',
  'nothing-to-undo',
  'no-site',
  'service-unknown',
  'several-consoles',
  'site-locked',
  'site-missing',
  'site-not-trusted',
  'snapshot-unknown',
]

/** 2 for what was refused before anything was done, 1 for what went wrong. */
export function exitCodeOf(problem: Problem): number {
  return problem.retryable || refusals.includes(problem.code) ? exitCodes.refused : exitCodes.failed
}
