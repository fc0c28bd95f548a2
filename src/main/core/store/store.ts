import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Clock,
  type CrashPoints,
  type Logger,
  type Machine,
  noCrashPoints,
  type Runtime,
  systemMachine,
} from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { Copies } from './copies.ts'
import { Ladder } from './ladder.ts'
import { OpenStore } from './open-store.ts'
import { Quarantine } from './quarantine.ts'
import { Readiness, type Ready } from './readiness.ts'
import { RecoveryRecord } from './recovery-record.ts'
import { StoreRecord } from './store-record.ts'
import type { DatabaseName, Schema, Store } from './types.ts'
import { Upkeep } from './upkeep.ts'
import { startWriter, type WriterThread } from './writer-thread.ts'

export interface StoreOptions {
  /** The site's `.wheelhouse` folder; made if absent, mode 0700. Its lock must be held. */
  readonly directory: string
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  /** The machine's starts and uptime; this machine's unless told. */
  readonly machine?: Machine
  readonly crashPoints?: CrashPoints
  /** The site's time zone, for the sentences about what was lost; UTC unless told. */
  readonly zone?: string
  /** Databases that are known to be damaged, and how: met by whoever had them open before. */
  readonly suspected?: Partial<Readonly<Record<DatabaseName, string>>>
}

/** A writer that cannot open what was made ready shows damage that nothing else did; each database may do so a few times. */
const mostAttempts = 6

/**
 * Opens the console's own databases: checks those that were not closed properly, replaces damaged ones, keeps a copy before it
 * migrates, and starts the writer thread. It opens whatever it finds; `store.opened` and the reports of `store.upkeep` say what
 * it did. Rejects with a ConsoleError: `store-from-newer-version`, what `copyDatabase` says when the copy before an upgrade
 * fails, and `store-read-only` when no disk takes a database; nothing is left running then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const {
    directory,
    runtime,
    clock,
    logger,
    machine = systemMachine(),
    crashPoints = noCrashPoints,
    zone = 'UTC',
  } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const folder = join(directory, 'recovery')
  const records = {
    control: await RecoveryRecord.open('control', folder, logger),
    messages: await RecoveryRecord.open('messages', folder, logger),
  }
  const quarantine = new Quarantine(join(directory, 'quarantine'), logger)
  const reported = Object.values(records).flatMap(({ state }) => state.reports.map(({ seenMs }) => seenMs))
  const leastSeenMs = Math.max(await quarantine.leastSeenMs(), ...reported)
  const record = await StoreRecord.open({ directory, clock, machine, logger }, leastSeenMs)
  const withheld = (name: DatabaseName) =>
    records[name].state.standIn ? 'a stand-in takes its place at present' : null
  const copies = new Copies({ directory, runtime, clock, zone, withheld })
  const shared = { ...options, copies, quarantine, record, crashPoints, zone }
  const readiness = new Readiness({ ...shared, records, ladder: new Ladder(shared), boot: machine.boot().id })
  const { thread, ready } = await startOn(readiness, options)
  for (const { state, name } of Object.values(records)) {
    if (state.continueFrom !== null) await records[name].changeIfPossible({ continueFrom: null }, logger)
  }
  await record.mark(Object.values(records).flatMap(({ name, state }) => (state.standIn ? [] : [name])))
  const paths = { control: ready.control.setup.path, messages: ready.messages.setup.path }
  const opened = { control: ready.control.opened, messages: ready.messages.opened }
  const path = (name: DatabaseName) => paths[name]
  const upkeep = new Upkeep({
    copies,
    records,
    record,
    quarantine,
    path,
    schemas: options.schemas,
    runtime,
    clock,
    logger,
  })
  try {
    return new OpenStore({ thread, paths, opened, upkeep, runtime, clock, logger })
  } catch (error) {
    await thread.close(5_000)
    throw error
  }
}

/** Makes both databases ready and starts the writer on them; what only the writer finds damaged is replaced, then it starts again. */
async function startOn(
  readiness: Readiness,
  { runtime, logger, suspected = {} }: StoreOptions,
): Promise<{ readonly thread: WriterThread; readonly ready: Readonly<Record<DatabaseName, Ready>> }> {
  const ready: Record<DatabaseName, Ready> = {
    control: await readiness.prepare('control', suspected.control ?? null),
    messages: await readiness.prepare('messages', suspected.messages ?? null),
  }
  for (let attempt = 1; ; attempt++) {
    const databases = { control: ready.control.setup, messages: ready.messages.setup }
    try {
      return { thread: await startWriter(runtime, logger, { databases }), ready }
    } catch (error) {
      const failed = failedDatabase(error)
      if (!failed || attempt >= mostAttempts) throw error
      logger.error(failed.message)
      ready[failed.name] = failed.damaged
        ? await readiness.replace(failed.name, failed.why, 'damage')
        : await readiness.standInFor(failed.name, failed.message)
    }
  }
}

/** Which database the writer could not open, and whether it is damaged or only cannot be written. Null for any other failure. */
function failedDatabase(
  error: unknown,
): { readonly name: DatabaseName; readonly damaged: boolean; readonly why: string; readonly message: string } | null {
  if (!(error instanceof ConsoleError)) return null
  const { code, params, message } = error.problem
  if (code !== 'store-damaged' && code !== 'store-read-only') return null
  const { database } = params
  if (database !== 'control' && database !== 'messages') return null
  return { name: database, damaged: code === 'store-damaged', why: String(params.detail ?? params.reason), message }
}
