import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Attention, attentionSchema, openAttention } from '#core/attention/index.ts'
import {
  type Backups,
  backupSchema,
  keepingSchema,
  noServices,
  openBackups,
  targetsSchema,
} from '#core/backup/index.ts'
import type { SiteDefinition, TargetDefinition } from '#core/config/index.ts'
import type { ServiceControl } from '#core/coordinator/index.ts'
import { type EventLog, eventsSchema, openEventLog } from '#core/events/index.ts'
import { type Jobs, jobsSchema, openJobs } from '#core/jobs/index.ts'
import {
  type Clock,
  type CrashPoints,
  DisposableStore,
  noCrashPoints,
  type Runtime,
  silentLogger,
  systemClock,
  type Volumes,
} from '#core/platform/index.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import { openStore, type Store, takeSiteLock } from '#core/store/index.ts'
import type { JobView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { testRuntime } from './runtime.ts'

export interface BackupRig extends AsyncDisposable {
  readonly backups: Backups
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly state: StateHub
  readonly store: Store
  /** Takes a snapshot and resolves with its id. Fails when the job does. */
  backUp(kind?: 'full' | 'data'): Promise<string>
  /** `paths`: path keys; everything without them. */
  restore(snapshot?: string | null, fingerprint?: string | null, paths?: readonly string[] | null): Promise<JobView>
  undo(): Promise<JobView>
}

export interface BackupRigOptions {
  readonly site: string
  readonly folder: string
  readonly services?: ServiceControl
  readonly definition?: () => SiteDefinition | null
  readonly clock?: Clock
  readonly crashPoints?: CrashPoints
  readonly afterSwap?: () => Promise<void>
  readonly zone?: string
  /** The passphrase that site.yaml refers to; null: it refers to one that the secrets file lacks. Absent: not encrypted. */
  readonly passphrase?: string | null
  /** Where the console's store lies; `.wheelhouse` in the site unless told. */
  readonly own?: string
  readonly runtime?: Runtime
  readonly target?: TargetDefinition
  readonly secrets?: (name: string) => string
  readonly volumes?: Volumes
  /** Where PostgreSQL's programs are looked for. */
  readonly postgresPrograms?: readonly string[]
}

const operator: Cause = { type: 'operator', via: 'command line' }

/** The backups of a site with the real parts that they work with: lock, store, events, jobs, attention, state. */
export async function openBackupRig(options: BackupRigOptions): Promise<BackupRig> {
  const { site, folder, services = noServices, definition = () => null, zone = 'UTC' } = options
  const owned = new DisposableStore()
  const own = options.own ?? join(site, '.wheelhouse')
  mkdirSync(own, { recursive: true })
  const clock = options.clock ?? systemClock({ keepAlive: true })
  const runtime = options.runtime ?? testRuntime()
  const logger = silentLogger
  const me = {
    host: 'command line',
    hostname: 'test',
    pid: process.pid,
    since: 0,
    address: null,
    socket: null,
  } as const
  owned.add(await takeSiteLock(own, me))
  const store = owned.add(
    await openStore({
      directory: own,
      schemas: {
        control: [eventsSchema, jobsSchema, attentionSchema, backupSchema, keepingSchema, targetsSchema],
        messages: [],
      },
      runtime,
      clock,
      logger,
    }),
  )
  const database = store.control
  const state = owned.add(openStateHub({ clock, logger }))
  const events = owned.add(openEventLog({ database, clock, logger }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), clock, logger }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), clock, logger }))
  const backups = owned.add(
    await openBackups({
      site: { id: 'bench', name: 'Bench', directory: site, zone },
      definition,
      folder,
      ...(options.target && { target: options.target }),
      ...(options.secrets && { secrets: options.secrets }),
      ...(options.volumes && { volumes: options.volumes }),
      ...(options.postgresPrograms && { postgresPrograms: options.postgresPrograms }),
      services,
      jobs,
      events,
      attention,
      state,
      runtime,
      clock,
      logger,
      crashPoints: options.crashPoints ?? noCrashPoints,
      database,
      ...(options.afterSwap && { afterSwap: options.afterSwap }),
      ...(options.passphrase !== undefined && {
        encryption: () => ({ secret: 'BACKUP' }),
        secrets: (name: string) => {
          if (name !== 'BACKUP' && options.secrets) return options.secrets(name)
          if (options.passphrase != null) return options.passphrase
          throw new ConsoleError('secret-missing', `The secret ${name} is not known.`, 'Add it.')
        },
      }),
    }),
  )
  const ended = async ({ job }: { readonly job: string }) => jobs.finished(job)
  return {
    backups,
    jobs,
    events,
    attention,
    state,
    store,
    async backUp(kind = 'full') {
      const view = await ended(await backups.create({ kind, note: '', cause: operator }))
      if (view.state !== 'completed') throw new Error(view.message ?? 'the backup did not complete')
      return String(view.data.snapshot)
    },
    restore: async (snapshot = null, fingerprint = null, paths = null) =>
      ended(await backups.restore({ snapshot, paths, fingerprint, cause: operator })),
    undo: async () => ended(await backups.undo({ fingerprint: null, cause: operator })),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}
