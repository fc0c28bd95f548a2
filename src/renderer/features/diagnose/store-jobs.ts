import type { JobView } from '#shared/contract/index.ts'
import type { DatabaseName } from './store-words.ts'

/** The database of the store that a job works on; null for other jobs. */
export function storeJobOf(job: Pick<JobView, 'kind' | 'subject' | 'data'>): DatabaseName | null {
  if (!job.kind.startsWith('store.')) return null
  const name = /^store:(.+)$/.exec(job.subject)?.[1] ?? job.data.database
  return name === 'control' || name === 'messages' ? name : null
}

/** The service whose database a job works on; null for other jobs. */
export function databaseJobOf(job: Pick<JobView, 'kind' | 'subject' | 'data'>): string | null {
  if (!job.kind.startsWith('database.')) return null
  return /^(?:database|service):(.+)$/.exec(job.subject)?.[1] ?? null
}

/** The newest of the jobs that are meant: the running one, if one runs. */
export function newestJob(
  jobs: Readonly<Record<string, JobView>>,
  meant: (job: JobView) => boolean,
): JobView | undefined {
  return Object.values(jobs)
    .filter(meant)
    .sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running') || b.startedAt - a.startedAt)[0]
}

/** Whether the page at `pathname` shows a job itself, so that the foot of the page need not. */
export function showsItsJob(pathname: string, job: Pick<JobView, 'kind' | 'subject' | 'data'>): boolean {
  if (pathname.startsWith('/diagnose')) return storeJobOf(job) !== null
  const service = databaseJobOf(job)
  return service !== null && pathname === `/services/${service}`
}
