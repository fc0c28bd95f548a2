import type { JobView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'

export function jobBusy(title: string, running: JobView): ConsoleError {
  return new ConsoleError(
    'job-busy',
    `"${title}" cannot start while "${running.title}" runs.`,
    running.cancellable && running.noReturn === null
      ? `Wait until "${running.title}" has ended, or cancel it.`
      : `Wait until "${running.title}" has ended.`,
    { params: { job: running.id, kind: running.kind }, retryable: true },
  )
}

export function jobUnknown(id: string): ConsoleError {
  const remedy = 'Look at the Timeline for what was done earlier.'
  return new ConsoleError('job-unknown', `There is no job ${id}.`, remedy, { params: { job: id } })
}

export function notCancellable(view: JobView, reason: string, remedy: string): ConsoleError {
  const message = `"${view.title}" cannot be cancelled: ${reason}`
  return new ConsoleError('job-not-cancellable', message, remedy, { params: { job: view.id, reason } })
}

export function siteClosing(title: string): ConsoleError {
  const remedy = 'Open the site again and try once more.'
  return new ConsoleError('site-closing', `"${title}" was not done because the site is closing.`, remedy)
}

export function cancelled(title: string): ConsoleError {
  return new ConsoleError('job-cancelled', `"${title}" was cancelled.`, 'Start it again when it is wanted.')
}

/** What the operator is told of a job that ended with an error: where, why, and what to do. */
export function failureSentence(
  view: JobView,
  step: string | null,
  error: unknown,
): { message: string; remedy: string; data: Record<string, unknown> } {
  const why = error instanceof Error ? error.message : String(error)
  const where = step === null ? '' : ` at "${step}"`
  const known = error instanceof ConsoleError
  return {
    message: `"${view.title}" failed${where}: ${why}`,
    remedy: known
      ? error.problem.remedy
      : "This is a fault of the console: look at the job's log, and send the console's log to its makers.",
    data: known ? { problem: error.problem } : {},
  }
}
