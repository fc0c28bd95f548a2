import type { JobView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'

/** Throws `deploy-under-way` while a deploy or its way back runs: both would exchange the same files. `within`: the job that orders it. */
export function assertNoDeploy(running: readonly JobView[], within: string | undefined): void {
  const deploy = running.find(({ id, kind }) => kind.startsWith('deploy.') && id !== within)
  if (!deploy) return
  throw new ConsoleError(
    'deploy-under-way',
    `"${deploy.title}" is exchanging the release, so nothing can be restored now. Nothing was touched.`,
    'Wait until it has ended, then look at the restore again.',
    { params: { job: deploy.id }, retryable: true },
  )
}
