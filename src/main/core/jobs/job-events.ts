import type { EventLog, EventRef } from '#core/events/index.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Cause, EventRecord, Severity } from '#shared/vocabulary.ts'

/** The kinds of events that jobs emit. Their subject is `job:<id>`, their operation the job's id. */
export const jobEventKinds = {
  started: 'job.started',
  completed: 'job.completed',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
  interrupted: 'job.interrupted',
} as const

const severityOfEnd: Readonly<Record<'completed' | 'failed' | 'cancelled', Severity>> = {
  completed: 'info',
  failed: 'error',
  cancelled: 'notice',
}

export function recordStarted(events: EventLog, view: JobView): Promise<EventRecord> {
  return events.record({
    kind: jobEventKinds.started,
    ...aboutJob(view),
    severity: 'info',
    message: `Started: ${view.title}.`,
    cause: view.cause,
  })
}

export function emitEnded(events: EventLog, view: JobView, state: keyof typeof severityOfEnd, cause: Cause): EventRef {
  return events.emit({
    kind: jobEventKinds[state],
    ...aboutJob(view),
    severity: severityOfEnd[state],
    message: view.message ?? `${view.title}: ${state}.`,
    cause,
  })
}

export function emitInterrupted(events: EventLog, view: JobView): EventRef {
  return events.emit({
    kind: jobEventKinds.interrupted,
    ...aboutJob(view),
    severity: 'warning',
    message: `"${view.title}" was interrupted: the console or the power went while it ran.`,
    cause: { type: 'console', why: 'found without its end when the site was opened' },
  })
}

function aboutJob(view: JobView) {
  const { id, kind, subject, title, commandLine } = view
  return { subject: `job:${id}`, operation: id, data: { kind, subject, title, commandLine } }
}
