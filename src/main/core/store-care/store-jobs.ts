import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import type { CheckKind, DatabaseName, OpenedAs, ReplacedBy, Store } from '#core/store/index.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { CopyTaking } from './copy-taking.ts'
import { storeEventKinds } from './event-kinds.ts'

export interface StoreJobPorts {
  readonly store: Store
  readonly events: EventLog
}

/** A full check of some gigabytes on a slow disk takes long; it hinders nobody. Milliseconds. */
const checkWithinMs = 6 * 60 * 60 * 1_000

const steps = {
  check: { id: 'check', title: 'Read the database for damage' },
  copy: { id: 'copy', title: 'Copy the database, open and check the copy' },
  recover: { id: 'recover', title: 'Set the damaged database aside and put a good one in its place' },
} as const

type Draft = Omit<JobRequest, 'cause'>

export function checkRequest(database: DatabaseName, kind: CheckKind): Draft {
  return {
    kind: 'store.check',
    subject: `store:${database}`,
    title: `${kind === 'full' ? 'Check' : 'Check the structure of'} the console's ${database} database`,
    steps: [steps.check, steps.recover],
    commandLine: `wheelhouse store check ${database}${kind === 'full' ? ' --full' : ''}`,
    input: { database, kind },
    lane: `store-${database}`,
    cancellable: true,
  }
}

export function copyRequest(database: DatabaseName): Draft {
  return {
    kind: 'store.copy',
    subject: `store:${database}`,
    title: `Copy the console's ${database} database`,
    steps: [steps.copy],
    commandLine: `wheelhouse store copy ${database}`,
    input: { database },
    lane: `store-${database}`,
    cancellable: true,
  }
}

export function recoverRequest(database: DatabaseName): Draft {
  return {
    kind: 'store.recover',
    subject: `store:${database}`,
    title: `Recover the console's ${database} database`,
    steps: [steps.check, steps.recover],
    commandLine: `wheelhouse store recover ${database}`,
    input: { database },
    lane: `store-${database}`,
    cancellable: true,
  }
}

/** Checks, and recovers what is found damaged. */
export async function runCheck(
  context: JobContext,
  database: DatabaseName,
  kind: CheckKind,
  ports: StoreJobPorts,
): Promise<JobOutcome> {
  const { problems, indexes } = await check(context, database, kind, ports)
  if (problems.length > 0) return recover(context, database, problems, 'check', ports)
  const found = indexes.length > 0 ? reindexedSentence : 'no problem was found.'
  const message = `The ${database} database was checked ${kind === 'full' ? 'through and through' : 'for its structure'}; ${found}`
  return { message, data: { database, ok: true, kind } }
}

export async function runCopy(
  context: JobContext,
  database: DatabaseName,
  { store, events, copying }: StoreJobPorts & { readonly copying: CopyTaking },
): Promise<JobOutcome> {
  const copy = await context.step('copy', () => copying.take(database, 'by-operator', context.cause, context.signal))
  const { count, bytes } = await store.upkeep.copies.summary(database)
  const message = `The ${database} database was copied and the copy checked. ${count === 1 ? 'It is the only copy' : `There are ${count} copies`}, ${sizeInWords(bytes)} in all.`
  const data = { database, file: copy.file, at: copy.at }
  tellEvent(context, events, { kind: storeEventKinds.copied, severity: 'info', database, message, data })
  return { message, data }
}

/**
 * Recovers by order. A database that a full check finds whole stays, and so does one that only could not be opened and can be now:
 * going back to a copy would only lose records.
 */
export async function runRecover(
  context: JobContext,
  database: DatabaseName,
  ports: StoreJobPorts,
): Promise<JobOutcome> {
  const { store } = ports
  const { state, note } = store.statistics().databases[database]
  if (await store.endStandIn(database)) {
    return { message: sentenceOf(database, store.opened[database]), data: { database, ok: true } }
  }
  const standIn = store.upkeep.standIn(database)
  if (standIn || state === 'failed') {
    const why = standIn?.damage ?? standIn?.why ?? note ?? 'it could not be used'
    return recover(context, database, [why], 'operator', ports)
  }
  const { problems } = await check(context, database, 'full', ports)
  if (problems.length > 0) return recover(context, database, problems, 'operator', ports)
  const message = `The ${database} database was read through and through and is whole, so it was left as it is: a copy in its place would only lose records.`
  return { message, data: { database, ok: true } }
}

async function check(
  context: JobContext,
  database: DatabaseName,
  kind: CheckKind,
  { store, events }: StoreJobPorts,
): Promise<{ readonly problems: readonly string[]; readonly indexes: readonly string[] }> {
  const limits = { signal: context.signal, timeoutMs: checkWithinMs }
  const { ok, problems, indexes } = await context.step('check', () => store.upkeep.check(database, kind, limits))
  for (const problem of [...problems, ...indexes]) context.log(problem)
  if (ok && indexes.length > 0) await events.reindex(indexes.join('; '))
  const message = ok
    ? `The ${database} database was checked; ${indexes.length > 0 ? reindexedSentence : 'no problem was found.'}`
    : `The ${database} database was checked and is damaged: ${problems.slice(0, 3).join('; ')}.`
  const data = { database, kind, ok, problems, indexes }
  tellEvent(context, events, {
    kind: storeEventKinds.checked,
    severity: ok ? 'info' : 'error',
    database,
    message,
    data,
  })
  return { problems: ok ? [] : problems, indexes }
}

const reindexedSentence = 'its records are whole, and a damaged index of words is made anew from them.'

async function recover(
  context: JobContext,
  database: DatabaseName,
  problems: readonly string[],
  by: ReplacedBy,
  { store }: StoreJobPorts,
): Promise<JobOutcome> {
  context.noReturn('The database is being replaced; stopping now would leave none.')
  const damage = problems.slice(0, 3).join('; ')
  const opened = await context.step('recover', () => store.replace(database, damage, by))
  return { message: sentenceOf(database, opened), data: { database, ok: false, opened } }
}

function sentenceOf(database: DatabaseName, opened: OpenedAs): string {
  return 'reason' in opened ? opened.reason : `The ${database} database can be used again.`
}

function tellEvent(
  { cause, operation }: JobContext,
  events: EventLog,
  told: {
    readonly kind: string
    readonly severity: 'info' | 'error'
    readonly database: DatabaseName
    readonly message: string
    readonly data: Record<string, unknown>
  },
): { readonly cause: Cause } {
  const { database, ...draft } = told
  return events.emit({ ...draft, subject: `store:${database}`, cause, operation })
}
