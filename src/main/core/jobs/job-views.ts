import type { JobView } from '#shared/contract/state.ts'
import type { JobOutcome, JobRequest } from './types.ts'

// A job's view and how it changes: functions from data to data.

export function viewAtStart(id: string, request: JobRequest, at: number): JobView {
  return {
    id,
    kind: request.kind,
    subject: request.subject,
    title: request.title,
    state: 'running',
    startedAt: at,
    endedAt: null,
    steps: request.steps.map((step) => ({ ...step, state: 'pending', startedAt: null, endedAt: null })),
    progress: null,
    cancellable: request.cancellable,
    noReturn: null,
    commandLine: request.commandLine,
    cause: request.cause,
    message: null,
    remedy: null,
    data: {},
  }
}

/** A step that was not known beforehand is added, under its id. */
export function withStepStarted(view: JobView, id: string, at: number): JobView {
  const known = view.steps.some((step) => step.id === id)
  const steps = known
    ? view.steps
    : [...view.steps, { id, title: id, state: 'pending' as const, startedAt: null, endedAt: null }]
  return {
    ...view,
    progress: null,
    steps: steps.map((step) => (step.id === id ? { ...step, state: 'running', startedAt: at } : step)),
  }
}

export function withStepEnded(view: JobView, id: string, state: 'done' | 'failed', at: number): JobView {
  const steps = view.steps.map((step) => (step.id === id ? { ...step, state, endedAt: at } : step))
  return { ...view, progress: null, steps }
}

/** The end of a job: what still ran has failed unless all went well, and what never ran is skipped. */
export function withEnd(
  view: JobView,
  state: 'completed' | 'failed' | 'cancelled',
  end: JobOutcome & { readonly remedy: string | null },
  at: number,
): JobView {
  const steps = view.steps.map((step) => {
    if (step.state === 'pending') return { ...step, state: 'skipped' as const }
    if (step.state !== 'running') return step
    return { ...step, state: state === 'completed' ? ('done' as const) : ('failed' as const), endedAt: at }
  })
  return {
    ...view,
    state,
    steps,
    progress: null,
    endedAt: at,
    message: end.message,
    remedy: end.remedy,
    data: plain(end.data),
  }
}

/** Facts as JSON can say them: they are stored, and sent to screens. */
function plain(data: Record<string, unknown> | undefined): Record<string, unknown> {
  if (!data) return {}
  try {
    return JSON.parse(JSON.stringify(data))
  } catch {
    return {}
  }
}
