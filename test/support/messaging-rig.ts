import { spawn } from 'node:child_process'
import type { Attention, AttentionDraft } from '#core/attention/index.ts'
import {
  type BrokerDefinition,
  type BrokerLinkDefinition,
  brokerSettings,
  type DeviceDefinition,
  type OutboxBounds,
  type RouteDefinition,
  type SiteDefinition,
} from '#core/config/index.ts'
import type { EventDraft, EventLog } from '#core/events/index.ts'
import {
  devicesSchema,
  heldSchema,
  type Messaging,
  messagingSchema,
  openMessaging,
  recordingsSchema,
} from '#core/messaging/index.ts'
import {
  type Clock,
  DisposableStore,
  type Logger,
  newId,
  type RunningBuiltin,
  type Runtime,
  silentLogger,
  systemClock,
} from '#core/platform/index.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import { openStore, type Schema, type Store } from '#core/store/index.ts'
import { temporaryFolder } from './folders.ts'
import { freePorts } from './ports.ts'
import { testRuntime } from './runtime.ts'
import { serviceOf, siteOf } from './site-definition.ts'
import { until } from './until.ts'

/** Messaging on a real store with real threads; events and attention are only recorded. */
export interface MessagingRig extends AsyncDisposable {
  readonly messaging: Messaging
  readonly store: Store
  readonly state: StateHub
  readonly events: readonly EventDraft[]
  readonly raised: readonly AttentionDraft[]
  readonly port: number
  readonly url: string
  startBroker(): Promise<RunningBuiltin>
  /** Loads these routes on the rig's own broker as on any other that is somewhere, or on another. */
  load(routes: readonly RouteDefinition[], url?: string | null, bounds?: Partial<OutboxBounds>): Promise<void>
  /** Loads these routes for a site whose own broker the rig's is: the router is asked before a message is acknowledged. */
  loadEmbedded(routes: readonly RouteDefinition[]): Promise<void>
}

export async function messagingRig(
  given: {
    readonly runtime?: Runtime
    readonly logger?: Logger
    readonly clock?: Clock
    /** Where the databases are and stay; without it a folder that goes with the rig. */
    readonly directory?: string
    readonly port?: number
    readonly secrets?: Readonly<Record<string, string>>
    readonly broker?: BrokerDefinition
    /** A broker that somebody else runs, instead of the rig's own. */
    readonly outside?: BrokerLinkDefinition
    readonly devices?: Readonly<Record<string, DeviceDefinition>>
    /** Brokers that somebody else runs, the first of them the one that routes mean which name none. */
    readonly brokers?: readonly BrokerLinkDefinition[]
    /** Tables in the store of the control plane, which has none otherwise. */
    readonly control?: readonly Schema[]
  } = {},
): Promise<MessagingRig> {
  const owned = new DisposableStore()
  const folder = given.directory === undefined ? owned.add(temporaryFolder()) : { path: given.directory }
  const clock = given.clock ?? systemClock()
  const runtime = given.runtime ?? testRuntime()
  const logger = given.logger ?? silentLogger
  const secrets = (name: string) => given.secrets?.[name] ?? ''
  const store = owned.add(
    await openStore({
      directory: folder.path,
      schemas: {
        control: given.control ?? [],
        messages: [messagingSchema, recordingsSchema, heldSchema, devicesSchema],
      },
      runtime,
      clock,
      logger,
    }),
  )
  const state = owned.add(openStateHub({ clock, logger }))
  const { events, log } = recordingEvents()
  const { raised, attention } = recordingAttention()
  const messaging = owned.add(
    await openMessaging({
      directory: folder.path,
      store,
      events: log,
      attention,
      state,
      runtime,
      clock,
      logger,
      secrets,
    }),
  )
  const [free = 0] = given.port === undefined ? await freePorts(1) : []
  const port = given.port ?? free
  const url = `mqtt://127.0.0.1:${port}`
  const site = (routes: readonly RouteDefinition[]) => ({
    ...siteWith(routes, given.broker, port),
    devices: given.devices ?? {},
    brokers: Object.fromEntries((given.brokers ?? (given.outside ? [given.outside] : [])).map((one) => [one.id, one])),
  })
  return {
    messaging,
    store,
    state,
    events,
    raised,
    port,
    url,
    startBroker: () => {
      messaging.define(site([]))
      return messaging.broker.start({
        service: 'broker',
        ports: { mqtt: port },
        bind: '127.0.0.1',
        env: {},
        data: folder.path,
      })
    },
    load: (routes, to = url, bounds = {}) => {
      const wanted = site(routes)
      return messaging.configure({ ...wanted, outbox: { ...wanted.outbox, ...bounds } }, to)
    },
    loadEmbedded: (routes) => {
      const site = siteWith(routes, given.broker ?? brokerSettings(), port)
      return messaging.configure({ ...site, devices: given.devices ?? {} }, url)
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** Waits until the router of the rig is connected. */
export async function routerConnected(rig: MessagingRig, within?: number): Promise<void> {
  const isConnected = () => rig.state.slice('traffic').get('traffic')?.router === 'connected'
  await until('the router to be connected', isConnected, within)
}

/** A route with everything that a spec does not care about filled in. */
export function route(id: string, given: Partial<RouteDefinition>): RouteDefinition {
  const stages = { where: null, validate: null, limit: null, enrich: null, tag: null, map: null, batch: null }
  return { id, title: id, on: true, from: '#', ...stages, priority: 'normal', expiresMs: null, to: [], ...given }
}

/** A broker that somebody else runs, with nothing set that a spec does not care about. */
export function brokerLink(url: string, given: Partial<BrokerLinkDefinition> = {}): BrokerLinkDefinition {
  const login = { username: null, password: null, clientId: null, share: null }
  const tls = { ca: null, cert: null, key: null, serverName: null }
  const five = { protocol: null, sessionExpiryMs: 7 * 86_400_000, mostHops: 8 }
  return { id: 'plant', url, keepaliveMs: 30_000, ...login, ...tls, ...five, ...given }
}

/** Runs a command of the mosquitto clients; rejects with what it wrote to stderr. */
export function mosquitto(
  program: 'mosquitto_pub' | 'mosquitto_sub',
  args: readonly string[],
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    let error = ''
    child.stdout.on('data', (data: Buffer) => (out += data.toString()))
    child.stderr.on('data', (data: Buffer) => (error += data.toString()))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${program} ended with ${code}: ${error}`)),
    )
    child.stdin.end(input)
  })
}

/** A site of these routes, with an embedded broker where rules for it are given. */
function siteWith(
  routes: readonly RouteDefinition[],
  broker: BrokerDefinition | undefined,
  port: number,
): SiteDefinition {
  const services = broker
    ? [serviceOf('broker', { kind: 'builtin', use: 'broker', run: [], broker, ports: { mqtt: port } })]
    : []
  return { ...siteOf(services, 'site'), routes: Object.fromEntries(routes.map((one) => [one.id, one])) }
}

export function recordingEvents(): { readonly events: EventDraft[]; readonly log: EventLog } {
  const events: EventDraft[] = []
  const log: EventLog = {
    emit(draft) {
      events.push(draft)
      const id = newId('ev')
      return { id, cause: { type: 'event', id } }
    },
    record: () => Promise.reject(new Error('Messaging records nothing itself.')),
    backlog: () => ({ held: 0, lost: 0 }),
    page: () => Promise.resolve({ events: [], more: false, reached: null }),
    span: () => Promise.reject(new Error('Messaging counts nothing itself.')),
    byId: () => undefined,
    causes: () => [],
    effects: () => [],
    countEffects: () => 0,
    onCommitted: () => ({ [Symbol.dispose]() {} }),
    settled: () => Promise.resolve(),
    reindex: () => Promise.resolve(),
    onFailure: () => ({ [Symbol.dispose]() {} }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { events, log }
}

export function recordingAttention(): { readonly raised: AttentionDraft[]; readonly attention: Attention } {
  const raised: AttentionDraft[] = []
  const attention: Attention = {
    raise: (draft) => void raised.push(draft),
    clear(id) {
      const at = raised.findIndex((draft) => draft.id === id)
      if (at >= 0) raised.splice(at, 1)
    },
    dismiss: () => Promise.resolve(),
    shelve: () => {},
    shelveOf: () => ({ [Symbol.dispose]() {} }),
    open: () => [],
    onChanged: () => ({ [Symbol.dispose]() {} }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { raised, attention }
}
