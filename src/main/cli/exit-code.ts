import type { Problem } from '#shared/problem.ts'

/** What a script learns from the exit code. */
export const exitCodes = { done: 0, failed: 1, refused: 2 } as const

/** Problems of what was asked for, or of the moment: nothing was done, and nothing broke. */
const refusals: readonly string[] = [
  'bad-input',
  'confirmation-needed',
  'console-not-answering',
  'database-not-sqlite',
  'database-unknown',
  'dependency-not-checked',
  'dependency-unknown',
  'dependency-unusable',
  'export-exists',
  'host-needed',
  'job-busy',
  'job-not-cancellable',
  'job-unknown',
  'no-site',
  'nothing-to-undo',
  'plan-outdated',
  'repository-busy',
  'repository-in-site',
  'service-unknown',
  'several-consoles',
  'site-closed',
  'site-closing',
  'site-invalid',
  'site-locked',
  'site-missing',
  'site-not-loaded',
  'site-not-trusted',
  'snapshot-none',
  'snapshot-unknown',
  'subject-unknown',
  'time-unreadable',
  'trust-outdated',
  'version-differs',
]

/** 2 for what was refused before anything was done, 1 for what went wrong. */
export function exitCodeOf(problem: Problem): number {
  return problem.retryable || refusals.includes(problem.code) ? exitCodes.refused : exitCodes.failed
}
