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
import { openOn } from './open-store.ts'
import { Quarantine } from './quarantine.ts'
import { Readiness } from './readiness.ts'
import { RecoveryRecord } from './recovery-record.ts'
import { StandIns } from './stand-ins.ts'
import { StoreRecord } from './store-record.ts'
import { StoreReports } from './store-reports.ts'
import type { DatabaseName, Schema, Store } from './types.ts'
import { Upkeep } from './upkeep.ts'

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
  /** Bytes that each database is kept within; 1 GiB and 4 GiB unless told. */
  readonly limits?: Readonly<Record<DatabaseName, number>>
}

const defaultLimits = { control: 1024 ** 3, messages: 4 * 1024 ** 3 } as const

/**
 * Opens the console's own databases: checks those that were not closed properly, replaces damaged ones, keeps a copy before it
 * migrates, and starts the writer threads. It opens whatever it finds; `store.opened` and the reports of `store.upkeep` say what
 * it did. Rejects with a ConsoleError: `store-from-newer-version`, what `copyDatabase` says when the copy before an upgrade
 * fails, and `store-read-only` when no disk takes a database; nothing is left running then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  try {
    return await open(options)
  } catch (error) {
    throw folderFailure(options.directory, error)
  }
}

/** What the file system says is told as a sentence; what is one already, or a fault of the console, stays as it is. */
function folderFailure(directory: string, error: unknown): unknown {
  if (error instanceof ConsoleError || !(error instanceof Error) || !('syscall' in error)) return error
  return new ConsoleError(
    'store-read-only',
    `The console's own folder ${directory} cannot be used: ${error.message}.`,
    'Make room on the disk, check that it is healthy, and that this user may write to the folder; then open the site again.',
    { params: { directory }, retryable: true, cause: error },
  )
}

async function open(options: StoreOptions): Promise<Store> {
  const {
    directory,
    runtime,
    clock,
    logger,
    machine = systemMachine(),
    crashPoints = noCrashPoints,
    zone = 'UTC',
    limits = defaultLimits,
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
  const reports = new StoreReports({ record, clock, logger })
  const standIns = new StandIns({ directory, quarantine, reports, record, runtime, clock, logger })
  const shared = { ...options, copies, quarantine, standIns, reports, record, crashPoints, zone }
  const readiness = new Readiness({ ...shared, records, ladder: new Ladder(shared), boot: machine.boot().id })
  const ready = {
    control: await readiness.prepare('control'),
    messages: await readiness.prepare('messages'),
  }
  const inUse = async (name: DatabaseName, round: number | null) => {
    const { state } = records[name]
    if (state.continueFrom !== null) await records[name].changeIfPossible({ continueFrom: null }, logger)
    if (state.standIn) await record.mark()
    else await record.noteOpened(name, round)
  }
  const upkeep = (path: (name: DatabaseName) => string) =>
    new Upkeep({ copies, records, record, quarantine, path, schemas: options.schemas, runtime, clock, logger })
  return await openOn({
    ready,
    schemas: options.schemas,
    replacing: readiness,
    inUse,
    record,
    upkeep,
    limits,
    seenMs: () => record.seenMs(),
    runtime,
    clock,
    logger,
  })
}
