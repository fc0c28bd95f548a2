import { availableParallelism } from 'node:os'
import type { Attention } from '#core/attention/index.ts'
import { releaseFolder, type Secrets, type SiteDefinition, variablesOf } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { DatabaseCheck, FileLooks, PushedFacts } from '#core/health/index.ts'
import {
  type Builtin,
  type Clock,
  type CrashPoints,
  type Logger,
  type Processes,
  type Runtime,
  systemClock,
} from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import { noUnits, type ServiceUnits } from '#core/units/index.ts'
import { Arrivals } from './arrivals.ts'
import { SiteCoordinator } from './coordinator.ts'
import { CurrentSite } from './current-site.ts'
import { FactWriter } from './fact-writer.ts'
import { logFilesOf } from './launch-plan.ts'
import { LaunchTurns } from './launch-turns.ts'
import { Launcher } from './launcher.ts'
import { Leftovers } from './leftovers.ts'
import { LimitWatch } from './limit-watch.ts'
import { LogWatch } from './log-watch.ts'
import { RunMarks } from './run-mark.ts'
import { RunRecords } from './run-records.ts'
import { ServiceSet } from './service-set.ts'
import { StartTimings } from './start-timings.ts'
import { Supervisor } from './supervisor.ts'
import type { Coordinator } from './types.ts'
import { noDependencies, type ServiceDependencies } from './uses.ts'

export interface CoordinatorOptions {
  /** Null while site.yaml cannot be used or is not trusted; `define` follows. */
  readonly definition: SiteDefinition | null
  /** The site's folder. */
  readonly directory: string
  readonly processes: Processes
  readonly runtime: Runtime
  /** Parts of the console that run as services, by the name in `use`. */
  readonly builtins: Readonly<Record<string, Builtin>>
  /** The control database, with `coordinatorSchema` applied. */
  readonly database: Database
  readonly events: EventLog
  readonly attention: Attention
  readonly state: StateHub
  readonly clock: Clock
  readonly logger: Logger
  /** A number in [0, 1): jitter of the back-off. */
  readonly random: () => number
  readonly crashPoints: CrashPoints
  readonly secrets: Secrets
  /** What services push of themselves, and what they are told so that they can. */
  readonly pushes: ServicePushes
  /** Looks at a database for a probe. */
  readonly databases: DatabaseCheck
  /** Looks at files for probes: one for the whole site. */
  readonly looks: FileLooks
  /** What services call through the console; none unless given. */
  readonly dependencies?: ServiceDependencies
  /** Which services units of systemd run; none unless given. */
  readonly units?: ServiceUnits
  /** The console's own environment, of which children get an allowed part. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** The coordinator's view of pushed health and figures. */
export interface ServicePushes {
  factsOf(service: string): PushedFacts
  forget(service: string): void
  environmentOf(service: string): Readonly<Record<string, string>>
}

/** Opens the coordinator of a site. Starts nothing and takes up nothing: that is `takeUp` and `start`. */
export async function openCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { directory, processes, database, events, attention, clock, logger, runtime, secrets, random } = options
  const environment = options.environment ?? process.env
  const dependencies = options.dependencies ?? noDependencies
  const units = options.units ?? noUnits
  const records = new RunRecords(database, logger)
  const marks = new RunMarks(directory)
  const site = new CurrentSite(directory, async () => variablesOf(directory, await releaseFolder(directory)))
  const arrivals = new Arrivals(clock, logger)
  const timings = new StartTimings(database, options.state.slice('startPath'), clock, logger)
  const { builtins, crashPoints, pushes, databases, looks } = options
  const turns = new LaunchTurns({
    processors: availableParallelism(),
    clock: systemClock(),
    exertion: (identity) => processes.exertion(identity),
  })
  const turnOf = async (service: string) => {
    const asked = clock.monotonic()
    const turn = await turns.take({
      rank: timings.remaining(service),
      loadingMs: timings.loading(service),
      onLoaded: (ms) => timings.loaded(service, ms),
    })
    timings.waited(service, clock.monotonic() - asked)
    return turn
  }
  const launcher = new Launcher({ processes, builtins, records, marks, units, clock, logger, crashPoints, turnOf })
  const limits = new LimitWatch({ events, attention, processes, clock })
  const services = new ServiceSet({
    slice: options.state.slice('services'),
    dependencies: {
      addresses: (service) => dependencies.addresses(service),
      reachability: (id) => dependencies.reachability(id),
      onChanged: (listener) => dependencies.onChanged(listener),
    },
    units,
    processes,
    clock,
    arrivals,
    timings,
    limits,
    siteNow: () => site.now,
    create: (service, onChanged) =>
      new Supervisor(service, {
        launcher,
        facts: new FactWriter(events, attention),
        clock,
        logger,
        random,
        contextNow: async () => ({
          ...(await site.refresh()),
          runtime,
          secrets,
          environment,
          dependencies,
          granted: (id) => pushes.environmentOf(id),
        }),
        pushed: { ...pushes.factsOf(service.id), forget: () => pushes.forget(service.id) },
        databases,
        looks,
        expectedStartMs: () => timings.typicalStart(service.id),
        markProbe: () => marks.makeForErrand('probe', service.id),
        onChanged,
      }),
  })
  const leftovers = new Leftovers({ processes, records, marks, events, clock, logger })
  const logsOfRunning = () =>
    services.all().flatMap(({ child, service }) => (child?.run ? [logFilesOf(service.id, site.variables)] : []))
  const logWatch = new LogWatch(logsOfRunning, clock, logger)
  const coordinator = new SiteCoordinator({
    directory,
    services,
    limits,
    units,
    leftovers,
    records,
    arrivals,
    timings,
    logWatch,
    turns,
    processes,
    events,
    clock,
    logger,
    site,
  })
  if (options.definition) await coordinator.define(options.definition)
  return coordinator
}
