import type { JobView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'

/**
 * Throws while a restore or a deploy has stopped the services and has not begun to start them again: a service that somebody starts then
 * would write into files that are being swapped. The restore itself starts what ran before.
 */
export function assertNotRestoring(running: readonly JobView[]): void {
  const restore = running.find(
    ({ kind, steps }) => (/^(restore|deploy)\./.test(kind) || kind === 'database.recover') && stopsServices(steps),
  )
  if (!restore) return
  throw new ConsoleError(
    'restore-runs',
    `"${restore.title}" is putting files into place, so no service can be started now.`,
    'Wait until it has ended: it starts what ran before by itself.',
    { params: { job: restore.id }, retryable: true },
  )
}

/**
 * Whether a job has the services in its hands: a restore, a recovery of a database, a deploy. Nothing else starts or stops any of
 * them meanwhile by itself.
 */
export function holdsServices({ kind }: JobView): boolean {
  return kind.startsWith('restore.') || kind.startsWith('deploy.') || kind === 'database.recover'
}

/** Throws while a job has the site in its hands: what is written into its files then would be swapped away, or mixed with what comes. */
export function assertNoHolder(running: readonly JobView[]): void {
  const holder = running.find(holdsServices)
  if (!holder) return
  throw new ConsoleError(
    'site-held',
    `Nothing was written, because "${holder.title}" is changing the files of the site.`,
    'Wait until it has ended, then save again.',
    { params: { job: holder.id }, retryable: true },
  )
}

function stopsServices(steps: JobView['steps']): boolean {
  const begun = (id: string) => steps.some((step) => step.id === id && step.state !== 'pending')
  return begun('stop') && !begun('start')
}
