import type { JobView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'

/** The job that has the whole site in its hands, so that nothing may be exchanged beside it. */
export function siteHolder(running: readonly JobView[]): JobView | undefined {
  return running.find(({ kind }) => /^(restore|drill|units|deploy)\.|^database\.recover$/.test(kind))
}

/** Throws `site-held`, which ends by itself, while a job has the site in its hands. */
export function assertNotHeld(running: readonly JobView[]): void {
  const holder = siteHolder(running)
  if (!holder) return
  throw new ConsoleError(
    'site-held',
    `"${holder.title}" is under way, and what is being exchanged on the site can only be one thing at a time.`,
    'Wait until it has ended, then try again.',
    { params: { job: holder.id }, retryable: true },
  )
}
