import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import type { DependencyDefinition, ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import { type Coordinator, coordinatorSchema, openCoordinator } from '#core/coordinator/index.ts'
import { databaseProbe } from '#core/databases/index.ts'
import { type Dependencies, dependenciesSchema, openDependencies } from '#core/dependencies/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { FileLooks, openPushes } from '#core/health/index.ts'
import {
  type Clock,
  DisposableStore,
  mountOf,
  noCrashPoints,
  silentLogger,
  systemClock,
  systemProcesses,
} from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import type { AttentionView, DependencyView, ServiceView } from '#shared/contract/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { testRuntime } from './runtime.ts'
import { siteOf } from './site-definition.ts'
import { until } from './until.ts'

/** Dependencies with their real proxy thread, a coordinator with real services beside them, and a real store, on a site folder. */
export interface DependencyRig extends AsyncDisposable {
  readonly dependencies: Dependencies
  readonly coordinator: Coordinator
  readonly cards: Readonly<Record<string, AttentionView>>
  readonly definition: SiteDefinition
  use(definition: SiteDefinition): Promise<void>
  view(id: string): DependencyView
  service(id: string): ServiceView
  /** The address that a service is given for a dependency. */
  address(service: string, dependency: string): string
  see(id: string, what: string, look: (view: DependencyView) => boolean): Promise<DependencyView>
  seeService(id: string, what: string, look: (view: ServiceView) => boolean): Promise<ServiceView>
  events(kind: string): Promise<readonly EventRecord[]>
}

export interface DependencyRigOptions {
  readonly directory: string
  readonly dependencies: readonly DependencyDefinition[]
  readonly services: readonly ServiceDefinition[]
  readonly files?: Readonly<Record<string, string>>
  readonly secrets?: (name: string) => string
  readonly serves?: boolean
  /** What the addresses of services are made from. */
  readonly key?: string
  /** The clock of the coordinator; the machine's own unless told. */
  readonly clock?: Clock
}

/** A dependency with the numbers of the mission, but that it is tried once and not checked. */
export function dependencyOf(id: string, url: string, given: Partial<DependencyDefinition> = {}): DependencyDefinition {
  return {
    id,
    title: id,
    url,
    timeoutMs: 30_000,
    longestMs: 300_000,
    attempts: 1,
    repeat: 'idempotent',
    backoff: { firstMs: 1, factor: 1, capMs: 1_000 },
    breaker: { kind: 'consecutive', failures: 3, openMs: 60_000, successes: 2 },
    fallback: null,
    check: null,
    methods: ['GET', 'POST'],
    failures: ['network', 'timeout', { from: 500, to: 599 }],
    headers: {},
    concurrency: 32,
    requestBytes: 1_000_000,
    answerBytes: 1_000_000,
    ...given,
  }
}

export async function dependencyRig(options: DependencyRigOptions): Promise<DependencyRig> {
  const owned = new DisposableStore()
  const { directory } = options
  for (const [name, source] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), source)
  const clock = systemClock()
  const logger = silentLogger
  const runtime = testRuntime()
  const schemas = { control: [eventsSchema, attentionSchema, coordinatorSchema, dependenciesSchema], messages: [] }
  const store = owned.add(
    await openStore({ directory: join(directory, '.wheelhouse'), schemas, runtime, clock, logger }),
  )
  const database = store.control
  const log = owned.add(openEventLog({ database, clock, logger }))
  const state = owned.add(openStateHub({ clock, logger }))
  const attention = owned.add(openAttention({ database, events: log, state: state.slice('attention'), clock, logger }))
  const secrets = options.secrets ?? (() => '')
  const dependencies = owned.add(
    openDependencies({
      site: { directory },
      database,
      events: log,
      attention,
      state: state.slice('dependencies'),
      runtime,
      clock,
      logger,
      secrets,
      key: options.key ?? 'of the spec',
      serves: options.serves ?? true,
    }),
  )
  const pushes = owned.add(
    openPushes({
      folder: join(directory, '.wheelhouse'),
      secret: 'of the spec',
      state: state.slice('pushed'),
      runtime,
      clock,
      logger,
    }),
  )
  const coordinator = owned.add(
    await openCoordinator({
      definition: null,
      directory,
      processes: owned.add(systemProcesses({ clock, logger, runtime })),
      runtime,
      builtins: {},
      database,
      events: log,
      attention,
      state,
      clock: options.clock ?? clock,
      logger,
      random: () => 0,
      crashPoints: noCrashPoints,
      secrets,
      dependencies,
      pushes,
      databases: databaseProbe({ runtime, clock }),
      looks: new FileLooks({ clock, mountOf }),
      environment: { PATH: process.env.PATH },
    }),
  )
  let definition = siteOf(options.services)
  const use = async (changed: SiteDefinition) => {
    definition = changed
    await dependencies.configure(changed)
    await coordinator.define(changed)
  }
  await use({ ...definition, dependencies: Object.fromEntries(options.dependencies.map((each) => [each.id, each])) })
  const caller = options.services.find(({ uses }) => Object.keys(uses).length > 0)
  if (caller && options.serves !== false) {
    // On a busy machine its thread takes longer than the console waits for it.
    await until('the local proxy to listen', () => isListening(() => dependencies.addresses(caller)))
  }
  const view = (id: string) => {
    const found = state.slice('dependencies').get(id)
    if (!found) throw new Error(`Dependency ${id} is not shown.`)
    return found
  }
  const service = (id: string) => {
    const found = state.slice('services').get(id)
    if (!found) throw new Error(`Service ${id} is not shown.`)
    return found
  }
  return {
    dependencies,
    coordinator,
    get cards() {
      return state.slice('attention').all()
    },
    get definition() {
      return definition
    },
    use,
    view,
    service,
    address: (id, dependency) => {
      const found = definition.services[id]
      const variable = `WHEELHOUSE_DEPENDENCY_${dependency.toUpperCase().replaceAll('-', '_')}`
      return (found && dependencies.addresses(found)[variable]) ?? ''
    },
    see: (id, what, look) => until(`${id}: ${what}`, () => look(view(id)) && view(id)),
    seeService: (id, what, look) => until(`${id}: ${what}`, () => look(service(id)) && service(id)),
    async events(kind) {
      await log.settled()
      const { events } = await log.page({ kind, limit: 100 })
      return events.toReversed()
    },
    async [Symbol.asyncDispose]() {
      await coordinator.stop('all', { cause: { type: 'console', why: 'the spec is over' }, operation: null })
      await log.settled()
      await store.settled()
      await owned[Symbol.asyncDispose]()
    },
  }
}

function isListening(addresses: () => unknown): boolean {
  try {
    addresses()
    return true
  } catch {
    return false
  }
}
