import type { JobContext, JobOutcome } from '#core/jobs/index.ts'
import { notHealthy, notStarted } from './cards.ts'
import { eventKinds } from './event-kinds.ts'
import type { BackupsOptions } from './options.ts'
import type { RestoreResult } from './restore-job.ts'

/** Tells that a restore is done, in an event, a card when services did not come back, and the job's outcome. */
export function restoreOutcome(
  done: {
    readonly kind: 'restore' | 'undo'
    readonly what: string
    readonly result: RestoreResult
    readonly context: JobContext
  },
  { events, attention }: BackupsOptions,
): JobOutcome {
  const { kind, what, result, context } = done
  const {
    plan,
    databases: { databases },
    failed,
    unwell,
    restorePoint,
    setAside,
    stay,
  } = result
  if (restorePoint === null)
    return { message: 'The site already is as in the snapshot; nothing was changed.', data: {} }
  const exchanged =
    databases.length > 0 ? [`databases exchanged: ${databases.map(({ title }) => title).join(', ')}`] : []
  const files = plan.swap.length > 0 ? [`${plan.add} added, ${plan.change} changed, ${plan.delete} deleted`] : []
  const counts = [...files, ...exchanged].join('; ')
  const services = failed.map(({ service, reason }) => `${service} (${reason})`).join(', ')
  const message = [
    `${what.charAt(0).toUpperCase()}${what.slice(1)} is done: ${counts}.`,
    ...(failed.length > 0 ? [`These services did not start: ${services}.`] : []),
    ...(unwell.length > 0 ? [`Not healthy since: ${unwell.map(wellness).join('; ')}.`] : []),
    ...(stay === null ? [] : [stay]),
    ...(setAside === null ? [] : [`What the restore point could not hold was set aside in ${setAside}.`]),
    'Undo goes back to the state before.',
  ].join(' ')
  const event = events.emit({
    kind: kind === 'undo' ? eventKinds.undone : eventKinds.restored,
    subject: 'site',
    severity: failed.length + unwell.length > 0 ? 'warning' : 'notice',
    message,
    cause: context.cause,
    operation: context.operation,
    data: {
      restorePoint,
      add: plan.add,
      change: plan.change,
      delete: plan.delete,
      databases: databases.length,
      failed: failed.length,
      unwell: unwell.length,
    },
  })
  attention.clear('restore-interrupted', event.cause)
  if (failed.length > 0) attention.raise(notStarted(message, event.cause))
  else attention.clear('restore-services', event.cause)
  if (unwell.length > 0) attention.raise(notHealthy(message, event.cause))
  else attention.clear('restore-health', event.cause)
  return { message, data: { restorePoint, setAside, failed, unwell } }
}

function wellness({ service, reason }: RestoreResult['unwell'][number]): string {
  return `${service} (${reason.replace(/\.$/, '')})`
}
