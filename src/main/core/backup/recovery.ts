import { existsSync } from 'node:fs'
import { z } from 'zod'
import type { InterruptedJob } from '#core/jobs/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { interrupted } from './cards.ts'
import { eventKinds } from './event-kinds.ts'
import { type BackupsOptions, type StoredOptions, secretsOf } from './options.ts'
import { databaseSwap } from './postgres/swap-databases.ts'
import type { Helper } from './program/engine-client.ts'
import type { Snapshot } from './repository/snapshot-file.ts'
import { namesIn, swapFolders } from './swap/journal.ts'
import { type RecoveredSwap, type RecoveredSwaps, recoverSwaps } from './swap/recover.ts'
import { unfinishedPlace } from './unfinished-place.ts'

export interface Recovered {
  readonly sentences: readonly string[]
  /** Services that a restore had stopped and that are to run again. */
  readonly services: readonly string[]
}

export interface RecoveryPorts {
  readonly options: StoredOptions
  readonly snapshots: readonly Snapshot[]
  openCleaner(): Helper
}

const inputSchema = z.object({
  what: z.string().optional(),
  services: z.array(z.string()).optional(),
  folder: z.string().nullable().optional(),
  file: z.string().optional(),
})

/** Brings to an end what an earlier run of the console left in flight, tells it in events and cards, and settles the jobs. */
export async function recoverInterrupted(jobs: readonly InterruptedJob[], ports: RecoveryPorts): Promise<Recovered> {
  const { swaps, setAside } = await sweepFolders(ports)
  const sentences: string[] = []
  const services = new Set<string>()
  for (const swap of swaps) {
    const job = jobs.find(({ view }) => view.id === swap.journal.job)
    const sentence = sentenceOf(swap)
    sentences.push(sentence)
    tell(ports.options, sentence, swap.journal.job, swap.how === 'finished')
    // Nothing is to run on a mixture; the job stays open, so that the next opening tries again.
    if (swap.how === 'stuck') continue
    for (const service of swap.journal.services) services.add(service)
    await job?.resolve(swap.how === 'finished' ? 'completed' : 'failed', { message: sentence })
  }
  for (const place of setAside) {
    const sentence = `A left-over of a restore without a record that can be understood was set aside in ${place}; check the site's files.`
    sentences.push(sentence)
    tell(ports.options, sentence, null, false)
  }
  for (const job of jobs) {
    if (swaps.some(({ journal }) => journal.job === job.view.id)) continue
    const outcome = outcomeOf(job, ports.snapshots)
    sentences.push(outcome.message)
    if (outcome.restore) tell(ports.options, outcome.message, job.view.id, false)
    for (const service of outcome.services) services.add(service)
    await job.resolve(outcome.state, { message: outcome.message })
  }
  return { sentences, services: [...services] }
}

/** Nothing is started for a site that has nothing in flight. */
async function sweepFolders({ options, openCleaner }: RecoveryPorts): Promise<RecoveredSwaps> {
  const folders = swapFolders(options.site.directory)
  const left = [...(await namesIn(folders.staging)), ...(await namesIn(folders.swap))]
  if (left.length === 0) return { swaps: [], setAside: [] }
  await using cleaner = openCleaner()
  return await recoverSwaps(folders, {
    storage: options.storage,
    clock: options.clock,
    logger: options.logger,
    crashPoints: options.crashPoints,
    databases: databaseSwap({ clock: options.clock, secret: secretsOf(options) }),
    remove: (path) => cleaner.ask('remove', { path }),
  })
}

function sentenceOf({ journal, how, setAside, reason }: RecoveredSwap): string {
  const what = journal.what.charAt(0).toUpperCase() + journal.what.slice(1)
  if (how === 'stuck') {
    return `${what} was interrupted and could neither be finished nor undone: ${reason}. The site is a mixture of old and new files; put the reason right, then open the site again.`
  }
  if (how === 'undone') {
    return `${what} was interrupted and could not be finished, so it was undone: the site is as it was before.`
  }
  const aside = setAside === null ? '' : ` What it could not keep in a restore point was set aside in ${setAside}.`
  return `${what} was interrupted and has been finished now; Undo goes back to the state before it.${aside}`
}

/** What to say of a job without a record of a swap: it never got there, or it was over already. */
function outcomeOf(job: InterruptedJob, snapshots: readonly Snapshot[]) {
  const { view } = job
  const parsed = inputSchema.safeParse(job.input)
  const input = parsed.success ? parsed.data : {}
  const own = snapshots.find((snapshot) => snapshot.job === view.id)
  const place = view.kind === 'backup.export' ? input.file : copied.has(view.kind) ? input.folder : null
  if (place) {
    return { restore: false, services: [], state: 'failed' as const, message: outcomeOfCopy(view, place) }
  }
  if (!view.kind.startsWith('restore.')) {
    return { restore: false, services: [], ...outcomeOfBackup(view.title, own) }
  }
  if (own?.appliedAt != null) {
    const message = `${view.title}: this had been done when the console ended; nothing is left to do.`
    return { restore: false, services: input.services ?? [], state: 'completed' as const, message }
  }
  const message = `${view.title}: the console ended before any file was touched, so nothing was changed.`
  return { restore: true, services: input.services ?? [], state: 'failed' as const, message }
}

/** Jobs that write a folder. */
const copied = new Set(['backup.into', 'backup.import'])

/** A folder or an archive that was being written: what there is of it must not be taken for the whole, nor be forgotten. */
function outcomeOfCopy({ id, title }: InterruptedJob['view'], place: string): string {
  const left = unfinishedPlace(place, id)
  const rest = existsSync(left) ? ` What was written so far is in ${left}; delete it.` : ''
  return `${title}: the console ended before it was whole.${rest}`
}

function outcomeOfBackup(title: string, own: Snapshot | undefined) {
  if (!own) {
    const message = `${title}: the console ended before it was finished; no snapshot was made. What was stored already is used by the next one.`
    return { state: 'failed' as const, message }
  }
  const verified = own.verified ? '' : ' It was not verified yet.'
  return {
    state: 'completed' as const,
    message: `${title}: the snapshot ${own.id} was made when the console ended.${verified}`,
  }
}

function tell(
  { events, attention }: BackupsOptions,
  sentence: string,
  operation: string | null,
  undoable: boolean,
): void {
  const cause: Cause = { type: 'console', why: 'the site was opened after an interruption' }
  const event = events.emit({
    kind: eventKinds.recovered,
    subject: 'site',
    severity: 'warning',
    message: sentence,
    cause,
    operation,
  })
  attention.raise(interrupted(sentence, undoable, event.cause))
}
