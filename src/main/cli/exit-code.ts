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
  'drill-unknown',
  'export-exists',
  'host-needed',
  'job-busy',
  'job-not-cancellable',
  'job-unknown',
  'maintenance-length',
  'maintenance-off',
  'no-site',
  'nothing-to-undo',
  'plan-outdated',
  'policy-subject',
  'policy-unknown',
  'repository-busy',
  'repository-in-site',
  'service-unknown',
  'service-without-unit',
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
  'unit-adopt-refused',
  'unit-adopted',
  'unit-not-adopted',
  'unit-not-runnable',
  'unit-release-refused',
  'version-differs',
]

/** 2 for what was refused before anything was done, 1 for what went wrong. */
export function exitCodeOf(problem: Problem): number {
  return problem.retryable || refusals.includes(problem.code) ? exitCodes.refused : exitCodes.failed
}
