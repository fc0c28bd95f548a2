import type { InterruptedJob } from './jobs/index.ts'
import { replayCutOff } from './messaging/index.ts'
import type { SiteParts } from './site-parts.ts'
import type { SitePorts } from './site-ports.ts'

/**
 * Jobs that the console did not live to finish: those of the backup part are settled by it, the rest are told as failed.
 * Resolves with whether a restore or a deploy could neither be finished nor undone, so that the site's files are a mixture.
 */
export async function settleInterrupted(
  { backups, deploys, jobs }: SiteParts,
  { owner, logger }: SitePorts,
): Promise<boolean> {
  const ofBackups = jobs.interrupted.filter(
    ({ view }) => /^(backup|restore)\./.test(view.kind) && view.kind !== 'backup.rehearse',
  )
  for (const sentence of await backups.recover(ofBackups)) logger.warn(sentence)
  const ofDeploys = jobs.interrupted.filter(({ view }) => view.kind.startsWith('deploy.'))
  for (const sentence of await deploys.recover(ofDeploys)) logger.warn(sentence)
  for (const job of jobs.interrupted) {
    if (ofBackups.includes(job) || ofDeploys.includes(job)) continue
    // Nobody starts here what it had stopped: the next console that may does, and tells its end.
    const stopsServices = /^(recovery\.|database\.recover$)/.test(job.view.kind) && Array.isArray(job.input.services)
    if (owner.host === 'command line' && stopsServices) continue
    await job.resolve('failed', { message: interruptedSentence(job) })
  }
  return deploys.stuck || ofBackups.some(({ view }) => jobs.get(view.id)?.state === 'interrupted')
}

/** What a job that the console did not live to finish has left behind, by what it worked on. */
function interruptedSentence({ view: { kind, title }, input }: InterruptedJob): string {
  const ended = `The console ended while this ran: ${title}.`
  if (kind.startsWith('store.'))
    return `${ended} The store looked after its databases when the site was opened and nothing half done is left; order it again if it is still wanted.`
  if (kind.startsWith('recovery.'))
    return `${ended} It counts as an attempt; recovery goes on with the next step while the trouble lasts.`
  if (kind.startsWith('database.'))
    return `${ended} What it had begun is finished or undone when the database is opened the next time; look at the state of the database, and order it again if it is still wanted.`
  if (kind.startsWith('units.'))
    return `${ended} The unit of systemd gets back what it had before; the next job says so.`
  if (kind === 'recording.replay') return `${ended} ${replayCutOff(input)}`
  if (kind === 'backup.rehearse')
    return `${ended} Its sandbox was ended and is removed; the live site was not touched. Rehearse again if it is still wanted.`
  if (kind.startsWith('release.')) return `${ended} Nothing half done is left; order it again if it is still wanted.`
  if (kind.startsWith('drill.')) return `${ended} What it had done was undone when the site was opened.`
  return `${ended} Look at the services' states.`
}
