import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import type { DatabaseDefinition } from '#core/config/index.ts'
import { databasesSchema, openDatabases } from '#core/databases/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { jobsSchema, openJobs } from '#core/jobs/index.ts'
import { type Clock, DisposableStore, noCrashPoints, silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import { poolSettings } from './database-rig.ts'
import { temporaryFolder } from './folders.ts'
import { ManualClock } from './manual-clock.ts'
import { testRuntime } from './runtime.ts'
import { serviceOf, siteOf } from './site-definition.ts'
import { until } from './until.ts'

const minute = 60_000

export interface DatabasesRigOptions {
  /** Of the environment of the service. */
  readonly env?: Readonly<Record<string, string>>
  readonly check?: DatabaseDefinition['check']
  /** Whether the figures are shown anew every two seconds. */
  readonly figures?: boolean
}

/**
 * The databases part on a clock moved by hand, with one database `db` that is connected; `target` makes it in the site's folder. Closed
 * when the test has ended, and opened anew as the next console would with `reopen`.
 */
export async function databasesRig(
  target: (directory: string) => DatabaseDefinition['target'],
  { env = {}, check = 'weekly', figures = false }: DatabasesRigOptions = {},
) {
  const folder = temporaryFolder()
  const clock = new ManualClock()
  const aim = target(folder.path)
  const common = { directory: folder.path, clock, target: aim, env, check, figures }
  let opened = await openOnce({ ...common, uncleanExit: false })
  onTestFinished(async () => {
    await opened.owned[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  const copies = join(folder.path, '.wheelhouse', 'copies', 'db')
  return {
    directory: folder.path,
    clock,
    store: () => opened.store,
    view: () => opened.state.slice('databases').get('db'),
    card: () => opened.state.slice('attention').get('database-unwell:db'),
    events: async (kind: string) => {
      await opened.events.settled()
      return (await opened.events.page({ kind, limit: 20, order: 'oldest' })).events
    },
    daily: () => (existsSync(copies) ? readdirSync(copies).filter((name) => name.endsWith('.daily.db')) : []),
    /** Lets looks come, which are ten minutes apart, until something is so. */
    afterLooks: (what: string, look: () => unknown) =>
      until(
        what,
        async () => {
          // Moved on while a check runs, the clock would end it.
          if (opened.jobs.running().length === 0) await clock.advance(minute)
          return Boolean(await look())
        },
        120_000,
      ),
    /** The console is off for so long, and opened again. */
    async reopen(offMs: number, uncleanExit: boolean) {
      await opened.owned[Symbol.asyncDispose]()
      clock.jumpWall(offMs)
      opened = await openOnce({ ...common, uncleanExit })
    },
  }
}

async function openOnce({
  directory,
  clock,
  target,
  env,
  check,
  figures,
  uncleanExit,
}: Required<DatabasesRigOptions> & {
  readonly directory: string
  readonly clock: ManualClock
  readonly target: DatabaseDefinition['target']
  readonly uncleanExit: boolean
}) {
  const owned = new DisposableStore()
  const own = join(directory, '.wheelhouse')
  // Time-outs and looks at health are none of this: moved on by days, they would end what really takes a moment.
  const patient: Clock = {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    after: (ms, action) =>
      ms < minute && !(figures && ms === 2_000) ? { [Symbol.dispose]() {} } : clock.after(ms, action),
  }
  const common = { clock, logger: silentLogger }
  const runtime = testRuntime()
  const schemas = { control: [eventsSchema, jobsSchema, attentionSchema, databasesSchema], messages: [] }
  const store = owned.add(await openStore({ directory: own, schemas, runtime, ...common }))
  const database = store.control
  const state = owned.add(openStateHub(common))
  const events = owned.add(openEventLog({ database, ...common }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), ...common }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), ...common }))
  const definition = siteOf([
    serviceOf('db', {
      kind: 'builtin',
      use: 'database',
      database: { target, pool: poolSettings, recover: 'ask', check, backup: true, admin: null },
    }),
  ])
  const databases = owned.add(
    openDatabases({
      site: { directory, own },
      definition: () => definition,
      services: () => {
        throw new Error('nothing is recovered here')
      },
      ...{ database, jobs, events, attention, runtime, state: state.slice('databases') },
      uncleanExit,
      crashPoints: noCrashPoints,
      random: () => 0.5,
      ...common,
      clock: patient,
    }),
  )
  await databases.configure(definition)
  await databases.builtin.start({ service: 'db', ports: {}, bind: '127.0.0.1', data: directory, env })
  return { owned, store, state, events, jobs }
}
