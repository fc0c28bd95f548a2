import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Catalogue } from './catalogue.ts'
import { type Conditions, sentenceOf } from './conditions.ts'
import { eventKinds } from './event-kinds.ts'
import { excludedBy } from './keeping/exclusions.ts'
import type { Keeping } from './keeping/keeping.ts'
import { notHeld } from './not-held.ts'
import { type BackupsOptions, secretsOf } from './options.ts'
import type { SiteDatabaseSource } from './postgres/access.ts'
import { type DumpedDatabases, dumpAll } from './postgres/dump-all.ts'
import type { Helper } from './program/engine-client.ts'
import type { Snapshot } from './repository/snapshot-file.ts'
import { stagingOf, swapFolders } from './swap/journal.ts'
import { isGood, nameOf } from './views.ts'

interface JobPorts {
  readonly options: BackupsOptions
  readonly conditions: Conditions
  openHelper(what: string): Promise<Helper>
  refresh(): Promise<void>
}

export interface CreatePorts extends JobPorts {
  readonly catalogue: Catalogue
  readonly keeping: Keeping
}

/** What is told of a backup before it runs. */
export function createRequest(
  { kind, note, dumps }: { readonly kind: 'full' | 'data'; readonly note: string; readonly dumps: boolean },
  name: string,
): Omit<JobRequest, 'cause' | 'lane'> {
  return {
    kind: 'backup.create',
    subject: 'site',
    title: kind === 'full' ? `Back up ${name}` : `Back up the data of ${name}`,
    steps: [
      ...(dumps ? [{ id: 'databases', title: 'Dump the databases of PostgreSQL' }] : []),
      { id: 'capture', title: 'Store what is new and read it back' },
      { id: 'tidy', title: 'Apply the rules for old snapshots' },
    ],
    commandLine: kind === 'full' ? 'wheelhouse backup' : 'wheelhouse backup --data',
    input: { kind, note },
    cancellable: true,
  }
}

/** What is told of a check before it runs. */
export function verifyRequest(snapshot: Snapshot, zone: string): Omit<JobRequest, 'cause' | 'lane'> {
  return {
    kind: 'backup.verify',
    subject: `snapshot:${snapshot.id}`,
    title: `Verify ${nameOf(snapshot, zone)}`,
    steps: [{ id: 'verify', title: 'Read everything back and open the databases' }],
    commandLine: `wheelhouse verify ${snapshot.id}`,
    input: { snapshot: snapshot.id },
    cancellable: true,
  }
}

/** Takes a snapshot; after a scheduled one the rules for old snapshots are applied, never after anything else. */
export async function runCreate(
  context: JobContext,
  request: {
    readonly kind: 'full' | 'data'
    readonly note: string
    readonly scheduled: boolean
    /** What is dumped for it; the step for that is there only when there is any. */
    readonly databases: readonly SiteDatabaseSource[]
  },
  ports: CreatePorts,
): Promise<JobOutcome> {
  const { options, conditions, catalogue } = ports
  conditions.attempted(request.kind)
  try {
    await using helper = await ports.openHelper(`a backup of ${options.site.name}`)
    const dumps =
      request.databases.length > 0
        ? await context.step('databases', () => dumped(request.databases, context, options))
        : null
    const { snapshot } = await context.step('capture', () =>
      helper.ask('backup', {
        kind: request.kind,
        scope: request.kind === 'full' ? 'site' : 'data',
        note: request.note,
        ...excludedBy(options.definition()?.backup),
        job: context.id,
        before: null,
        notHeld: [...notHeld(options.definition())],
        ...(dumps && { dumps }),
      }),
    )
    await ports.refresh()
    const taken = catalogue.choose(snapshot)
    for (const warning of taken.warnings) context.log(warning)
    const good = isGood(taken)
    const sentence = sentenceFor(taken, options)
    conditions.backedUp(snapshot, sentence, good, reasonOf(taken), context)
    await context.step('tidy', () => tidy(context, helper, request.scheduled && good, ports))
    return { message: sentence, data: { snapshot, good, warnings: taken.warnings } }
  } catch (error) {
    await ports.refresh()
    conditions.backupFailed(request.kind, error, context)
    await tidyFullDisk(context, error, request.scheduled, ports)
    throw error
  } finally {
    await rm(stagedDumps(options, context), { recursive: true, force: true }).catch((error: unknown) => {
      options.logger.warn('The dumps of a backup could not be removed; they are swept at the next opening.', {
        error: String(error),
      })
    })
  }
}

/** Files are read after the dumps, so they are never older. */
async function dumped(
  sources: readonly SiteDatabaseSource[],
  context: JobContext,
  options: BackupsOptions,
): Promise<DumpedDatabases> {
  return await dumpAll(sources, join(stagedDumps(options, context), 'databases'), {
    clock: options.clock,
    secret: secretsOf(options),
    runtime: options.runtime,
    programs: options.postgresPrograms,
    signal: context.signal,
    onProgress: (done, total) => context.progress(done, total, 'bytes'),
  })
}

function stagedDumps({ site }: BackupsOptions, { id }: JobContext): string {
  return stagingOf(swapFolders(site.directory), id)
}

/** Reads everything of a snapshot back. A bad verdict is a failed job: nobody should have to look for it. */
export async function runVerify(context: JobContext, snapshot: Snapshot, ports: JobPorts): Promise<JobOutcome> {
  const { options } = ports
  await using helper = await ports.openHelper(`a check of ${snapshot.id}`)
  const verified = await context.step('verify', () => helper.ask('verify', { snapshot: snapshot.id }))
  await ports.refresh()
  const expected = snapshot.kind === 'restore-point' && verified.damaged.length > 0
  const message = `${capital(nameOf(snapshot, options.site.zone))}: ${verified.note}`
  options.events.emit({
    kind: eventKinds.verified,
    subject: `snapshot:${snapshot.id}`,
    severity: verified.ok || expected ? 'info' : 'error',
    message,
    cause: context.cause,
    operation: context.operation,
    data: { ...verified },
  })
  if (verified.ok || expected) return { message, data: { ...verified } }
  throw new ConsoleError(
    'snapshot-damaged',
    message,
    'Do not rely on this snapshot; take a new backup and check the disk that holds the backups.',
    { params: { snapshot: snapshot.id } },
  )
}

/** Old snapshots and packs go. A failure here does not make the new snapshot any worse. */
async function tidy(context: JobContext, helper: Helper, apply: boolean, ports: CreatePorts): Promise<void> {
  const { keeping, options } = ports
  keeping.measured()
  if (!apply) return
  const surplus = keeping.plan()?.remove ?? []
  try {
    const figures = await helper.ask('forget', { snapshots: [...surplus], prune: true, now: options.clock.wall() })
    await ports.refresh()
    if (surplus.length > 0) keeping.removed(surplus, context)
    if (figures.packs + figures.rewritten + figures.notes.length > 0) context.log(keeping.pruned(figures, context))
  } catch (error) {
    options.logger.warn('Old snapshots could not be removed.', { error: sentenceOf(error) })
    context.log(`Old snapshots could not be removed: ${sentenceOf(error)}`)
  }
}

/** A full disk would stay full if only a backup that succeeds could tidy it: the rules and a prune come first then. */
async function tidyFullDisk(
  context: JobContext,
  error: unknown,
  scheduled: boolean,
  ports: CreatePorts,
): Promise<void> {
  if (!scheduled || context.signal.aborted) return
  if (!(error instanceof ConsoleError) || error.problem.code !== 'disk-full') return
  context.log('The disk of the backups is full, so what no rule keeps is removed and what nobody needs is freed.')
  try {
    await using helper = await ports.openHelper('making room on a full disk')
    await tidy(context, helper, true, ports)
  } catch (failure) {
    context.log(`No room could be made: ${sentenceOf(failure)}`)
  }
}

function sentenceFor(snapshot: Snapshot, { site }: BackupsOptions): string {
  const size = `${snapshot.files} ${snapshot.files === 1 ? 'file' : 'files'}, ${sizeInWords(snapshot.bytes)}, ${sizeInWords(snapshot.added)} new`
  const what = snapshot.kind === 'full' ? site.name : `The data of ${site.name}`
  if (isGood(snapshot)) return `${what} was backed up and verified: ${size}.`
  return `${what} was backed up, but the snapshot is not whole (${size}): ${reasonOf(snapshot)}`
}

function reasonOf(snapshot: Snapshot): string {
  if (snapshot.verified && !snapshot.verified.ok) return snapshot.verified.note
  return snapshot.warnings[0] ?? 'It was not verified.'
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
