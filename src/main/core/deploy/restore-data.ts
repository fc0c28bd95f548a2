import { dumpsFolder } from '#core/backup/index.ts'
import type { JobContext } from '#core/jobs/index.ts'
import { nestedJob } from './nested-job.ts'
import type { DeployParts } from './types.ts'

/** The site's data and its databases on servers; not site.yaml, which a snapshot of the data holds as well and which is a deploy's own matter. */
const dataPaths = ['data', dumpsFolder] as const

/** Puts the data of a snapshot back. Resolves with the id of the job that did: services that it stopped were stopped for the deploy. */
export async function restoreData(
  snapshot: string,
  { backups, jobs }: Pick<DeployParts, 'backups' | 'jobs'>,
  context: JobContext,
): Promise<string> {
  let id = ''
  const begin = async () => {
    const begun = await backups.restore({
      snapshot,
      paths: dataPaths,
      fingerprint: null,
      cause: context.cause,
      within: context.id,
    })
    id = begun.job
    return begun
  }
  await nestedJob(begin, jobs, context, null)
  return id
}
