import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attention, attentionSchema, openAttention } from '#core/attention/index.ts'
import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import { type Coordinator, coordinatorSchema, logTail, type Order, openCoordinator } from '#core/coordinator/index.ts'
import { databaseProbe } from '#core/databases/index.ts'
import { type EventLog, eventsSchema, openEventLog } from '#core/events/index.ts'
import { FileLooks, openPushes, pushingServices, type SitePushes } from '#core/health/index.ts'
import { type Jobs, jobsSchema, openJobs } from '#core/jobs/index.ts'
import {
  type Builtin,
  type Clock,
  type CrashPoints,
  DisposableStore,
  mountOf,
  noCrashPoints,
  type Processes,
  type Runtime,
  silentLogger,
  systemClock,
  systemProcesses,
} from '#core/platform/index.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import { type Database, openStore } from '#core/store/index.ts'
import { type Units, type UnitsOptions, unitsSchema } from '#core/units/index.ts'
import type { AttentionView, ServiceView } from '#shared/contract/state.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { temporaryFolder } from './folders.ts'
import { testRuntime } from './runtime.ts'
import { siteOf } from './site-definition.ts'
import { until } from './until.ts'

/** A coordinator with real processes, store, events, cards and state on a temporary site. */
export interface ServiceRig extends AsyncDisposable {
  readonly coordinator: Coordinator
  readonly pushes: SitePushes
  readonly directory: string
  readonly processes: Processes
  readonly database: Database
  readonly attention: Attention
  readonly jobs: Jobs
  readonly log: EventLog
  readonly state: StateHub
  /** Open cards by id. */
  readonly cards: ReadonlyMap<string, AttentionView>
  view(service: string): ServiceView
  /** The site's events so far, oldest first, once all are committed. */
  events(): Promise<readonly EventRecord[]>
  /** Waits for a service to look like this. */
  see(service: string, what: string, look: (view: ServiceView) => boolean): Promise<ServiceView>
  /** Waits for a service to write this line. */
  logged(service: string, line: string): Promise<unknown>
  /** The runs that were ever recorded. */
  runs(): readonly string[]
  /** Ends this console without stopping its services, as a crash would, and leaves the folder. */
  leave(): Promise<void>
}

export interface ServiceRigOptions {
  readonly services?: readonly ServiceDefinition[]
  readonly definition?: SiteDefinition | null
  /** Scripts by file name, written into the site. */
  readonly files?: Readonly<Record<string, string>>
  readonly builtins?: Readonly<Record<string, Builtin>>
  readonly crashPoints?: CrashPoints
  /** The clock of the coordinator; the machine's own unless told. */
  readonly clock?: Clock
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: (name: string) => string
  /** Where the site's broker is, for services that push over MQTT. */
  readonly broker?: string
  /** Where the console's programs are; as sources unless told. */
  readonly runtime?: Runtime
  /** Opens what knows of units of systemd; the definition is then given to the coordinator as it says. */
  readonly units?: (ground: UnitGround) => Units
  /** A site folder that outlives the rig; without it one is made and removed. */
  readonly directory?: string
}

/** What units of systemd are opened with, besides what a spec decides. */
export type UnitGround = Pick<UnitsOptions, 'database' | 'services' | 'redefine' | 'jobs' | 'events' | 'attention'>

/** An operator's order. */
export const order: Order = { cause: { type: 'operator', via: 'window' }, operation: null }

export async function serviceRig(options: ServiceRigOptions): Promise<ServiceRig> {
  const owned = new DisposableStore()
  const directory = options.directory ?? owned.add(temporaryFolder()).path
  for (const [name, source] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), source)
  const clock = systemClock()
  const logger = silentLogger
  const runtime = options.runtime ?? testRuntime()
  const processes = owned.add(systemProcesses({ clock, logger, runtime }))
  const schemas = { control: [eventsSchema, attentionSchema, coordinatorSchema, jobsSchema, unitsSchema], messages: [] }
  const store = owned.add(
    await openStore({ directory: join(directory, '.wheelhouse'), schemas, runtime, clock, logger }),
  )
  const database = store.control
  const log = owned.add(openEventLog({ database, clock, logger }))
  const state = owned.add(openStateHub({ clock, logger }))
  const shown = state.slice('attention')
  const attention = owned.add(openAttention({ database, events: log, state: shown, clock, logger }))
  const definition = options.definition === undefined ? siteOf(options.services ?? []) : options.definition
  const pushed = state.slice('pushed')
  const pushes = owned.add(
    openPushes({
      folder: join(directory, '.wheelhouse'),
      secret: 'of the spec',
      state: pushed,
      runtime,
      clock,
      logger,
    }),
  )
  await pushes.configure(definition ? pushingServices(definition) : [], options.broker ?? null)
  const jobs = owned.add(await openJobs({ database, events: log, state: state.slice('jobs'), clock, logger }))
  const held = () => (definition && units ? units.held(definition) : definition)
  const units = options.units?.({
    database,
    services: () => coordinator,
    redefine: async () => {
      const now = held()
      if (now) await coordinator.define(now)
    },
    jobs,
    events: log,
    attention,
  })
  if (units) owned.add(units)
  if (definition) units?.configure(definition)
  const coordinator = await openCoordinator({
    definition: held(),
    ...(units && { units }),
    directory,
    processes,
    runtime,
    builtins: options.builtins ?? {},
    database,
    events: log,
    attention,
    state,
    clock: options.clock ?? clock,
    logger,
    random: () => 0,
    crashPoints: options.crashPoints ?? noCrashPoints,
    secrets: options.secrets ?? (() => ''),
    pushes,
    databases: databaseProbe({ runtime, clock }),
    looks: new FileLooks({ clock, mountOf }),
    environment: options.environment ?? { PATH: process.env.PATH },
  })
  owned.add(pushes.onHealth((service, health, sentence) => coordinator.report(service, health, sentence)))
  const view = (service: string) => {
    const found = state.slice('services').get(service)
    if (!found) throw new Error(`Service ${service} is not shown.`)
    return found
  }
  const runs = () => database.all<{ run: string }>({ sql: 'SELECT run FROM service_runs' }).map(({ run }) => run)
  const leave = async () => {
    await coordinator.release()
    await store.settled()
    await owned[Symbol.asyncDispose]()
  }
  return {
    coordinator,
    pushes,
    directory,
    processes,
    database,
    attention,
    jobs,
    log,
    state,
    get cards() {
      return new Map(attention.open().map((card) => [card.id, card]))
    },
    view,
    runs,
    leave,
    async events() {
      await log.settled()
      return (await log.page({ after: 0, limit: 1_000 })).events.toSorted((a, b) => a.seq - b.seq)
    },
    see: (service, what, look) =>
      until(`${service} ${what}`, () => {
        const now = view(service)
        return look(now) && now
      }),
    logged: (service, line) =>
      until(`${service} writing ${line}`, async () =>
        (await logTail(coordinator.logFiles(service), 100)).some(({ text }) => text === line),
      ),
    async [Symbol.asyncDispose]() {
      if (owned.disposed) return
      await coordinator.emergencyStop({ type: 'console', why: 'the spec is over' })
      const started = runs()
      await until('nothing of any run left', () => processes.findByRuns(started).size === 0)
      await leave()
    },
  }
}

/** Scripts of small services. */
export const scripts = {
  /** Answers 200 on /health at PORT_HTTP; exits cleanly on SIGTERM. */
  web: `
    import { createServer } from 'node:http'
    const server = createServer((request, response) => response.end('ok'))
    server.listen(Number(process.env.PORT_HTTP), '127.0.0.1', () => console.log('listening'))
    process.on('SIGTERM', () => process.exit(0))`,
  /** Stays up until SIGTERM. */
  idle: `setInterval(() => {}, 1000); console.log('up')`,
  /** Stays up whatever it is asked. */
  stubborn: `process.on('SIGTERM', () => console.log('no')); setInterval(() => {}, 1000); console.log('up')`,
  /** Says why, and fails. */
  crashes: `console.error('cannot open the database'); process.exit(3)`,
  /** Runs to its end. */
  task: `console.log('done')`,
} as const
