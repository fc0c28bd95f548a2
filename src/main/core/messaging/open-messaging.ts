import { randomBytes } from 'node:crypto'
import { MessageChannel } from 'node:worker_threads'
import type { Attention } from '#core/attention/index.ts'
import {
  type BrokerDefinition,
  type BrokerLinkDefinition,
  brokerNames,
  brokerPasswords,
  brokerSettings,
  embeddedBroker,
  type OutboxBounds,
  type RouteDefinition,
  type Secrets,
  type SiteDefinition,
  type WebhookCall,
} from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import { type Builtin, type Clock, Listeners, type Logger, type Runtime } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Database, Store } from '#core/store/index.ts'
import type { TopicsPage } from '#shared/contract/messages.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { OwnLogin } from './broker/door.ts'
import { openLink, plainLink } from './broker/open-link.ts'
import { ClientBoard } from './client-board.ts'
import { DataPlaneHost } from './data-plane-host.ts'
import { DescribedDevices } from './devices/described-devices.ts'
import { DeviceRecords } from './devices/device-records.ts'
import { DeviceWatch } from './devices/device-watch.ts'
import { type BrokerStatus, EmbeddedBroker, type RouterPorts } from './embedded-broker.ts'
import { functionGround } from './function/function-ground.ts'
import { KeptMessages } from './kept-messages.ts'
import type { TableContents } from './lookup/lookup-tables.ts'
import { SiteTables } from './lookup/site-tables.ts'
import { OpenTap } from './open-tap.ts'
import { firstBounds } from './outbox/outbox-room.ts'
import type { ChannelMessage, FromDataPlane, KnownBroker, RecordingCounts, TapWish } from './protocol.ts'
import { RouteBoard } from './route-board.ts'
import { checkRoute, type RouteProblem } from './route-check.ts'
import { RouterWatch } from './router-watch.ts'
import { StageBoard } from './stage-board.ts'
import { StoredMessages } from './stored-messages.ts'
import type { WholePayload } from './tap-ring.ts'
import { mostTopicLevels } from './target-topic.ts'
import { mistakeInTopic } from './topic-filter.ts'
import { TrafficBoard } from './traffic-board.ts'
import { type MessageTrace, traceMessage } from './trail/message-trace.ts'
import type { Messaging, RecorderPort, Tap } from './types.ts'
import { webhooksOf } from './webhook/webhooks-of.ts'

export interface MessagingParts {
  /** The site's folder. */
  readonly directory: string
  readonly store: Store
  readonly events: EventLog
  readonly attention: Attention
  readonly state: StateHub
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  /** What users of the broker are known by. */
  readonly secrets: Secrets
}

/** Opens messaging: the data-plane thread runs and waits for {@link Messaging.configure}; the broker waits to be started. */
export async function openMessaging(parts: MessagingParts): Promise<Messaging> {
  return new SiteMessaging(parts)
}

class SiteMessaging implements Messaging {
  readonly #traffic: TrafficBoard
  readonly #routes: RouteBoard
  readonly #stages: StageBoard
  readonly #watch: RouterWatch
  readonly #stored: StoredMessages
  readonly #database: Database
  readonly #host: DataPlaneHost
  readonly #tables: SiteTables
  readonly #directory: string
  readonly #kept: KeptMessages
  readonly #broker: EmbeddedBroker
  readonly #clients = new ClientBoard()
  readonly #deviceRecords: DeviceRecords
  readonly devices: DescribedDevices
  readonly #restarted: Listeners<void>
  readonly #recorded: Listeners<readonly RecordingCounts[]>
  readonly #taps = new Map<number, OpenTap>()
  readonly #logger: Logger
  readonly #runtime: Runtime
  readonly #secrets: Secrets
  #brokerState: BrokerStatus['state'] = 'off'
  /** The site's own broker; null without one. Where it is off, that explains a router without a connection to it. */
  #embedded: string | null = null
  #closed = false
  /** Who may use the embedded broker, by service. */
  #rules: Readonly<Record<string, BrokerDefinition>> = {}
  #routing: Routing = { routes: [], outside: [], embedded: null, unknown: null }
  readonly ownLogin: OwnLogin = { user: '$console', password: randomBytes(32).toString('base64url') }
  #bounds: OutboxBounds | undefined
  #known: readonly KnownBroker[] = []
  /** Never to be logged. */
  #webhooks: Readonly<Record<string, WebhookCall>> = {}

  constructor(parts: MessagingParts) {
    const { store, events, attention, state, runtime, clock, logger, secrets } = parts
    this.#logger = logger
    this.#runtime = runtime
    this.#restarted = new Listeners((error) => logger.error(`A listener of recordings failed: ${String(error)}.`))
    this.#recorded = new Listeners((error) => logger.error(`A listener of recordings failed: ${String(error)}.`))
    this.#secrets = secrets
    this.#directory = parts.directory
    this.#traffic = new TrafficBoard(state.slice('traffic'), clock)
    this.#routes = new RouteBoard({ slice: state.slice('routes'), events, attention, clock })
    this.#stages = new StageBoard(state.slice('stages'), clock)
    this.#watch = new RouterWatch({ events, attention, clock })
    this.#database = store.messages
    this.#stored = new StoredMessages(store, clock, logger)
    this.#broker = new EmbeddedBroker({
      runtime,
      clock,
      logger,
      events,
      onThread: (give) => give(this.#waysToRouter()),
      storePort: () => store.directPort(),
      rulesOf: (service) => {
        const rules = this.#rules[service] ?? brokerSettings()
        return { rules, passwords: brokerPasswords(rules, secrets) }
      },
      own: this.ownLogin,
      onStatus: (status) => this.#brokerBecame(status),
      onFigures: (figures) => this.#clients.take(figures),
    })
    this.#tables = new SiteTables({ clock, events, attention, onChange: (contents) => this.#host.useTables(contents) })
    this.#host = new DataPlaneHost({
      runtime,
      clock,
      logger,
      store,
      onMessage: (message) => this.#hear(message),
      onConfigured: (routes, refused) => {
        this.#routes.define(routes)
        const isRefused = new Set(refused.map(({ route }) => route))
        this.#stages.define(routes.filter(({ id, on }) => on && !isRefused.has(id)))
        this.#routes.refuse(refused)
      },
      onThread: () => this.#broker.introduce(() => this.#waysToRouter()),
      onCrash: (reason, restartMs) => {
        logger.error(`The data plane ended: ${reason}. It is started again in ${restartMs} ms.`)
        this.#traffic.crashed()
        this.#restarted.tell()
        this.#traffic.failed()
        this.#routes.crashed()
        this.#watch.crashed(reason, restartMs)
        this.devices.lost(`The router ended and is started again: ${reason}.`)
      },
    })
    this.#deviceRecords = new DeviceRecords(store.messages, clock, logger)
    this.devices = new DescribedDevices({
      watch: new DeviceWatch({ events, attention, clock }),
      records: this.#deviceRecords,
      clients: () => this.#clients.list(),
      history: async (key) => {
        const answer = await this.#host.ask({ type: 'device', key })
        return answer.type === 'device' ? answer.history : {}
      },
      forget: (key) => this.#host.forgetDevice(key),
      now: () => clock.wall(),
    })
    this.#kept = new KeptMessages({ database: store.messages, host: this.#host, events })
  }

  get broker(): Builtin {
    return this.#broker
  }

  define({ services }: SiteDefinition): void {
    const rules = Object.values(services).flatMap(({ id, broker }) => (broker === null ? [] : [[id, broker] as const]))
    this.#rules = Object.fromEntries(rules)
  }

  tables(): TableContents {
    return this.#tables.contents
  }

  async configure(definition: SiteDefinition, brokerUrl: string | null, embeddedUrl = brokerUrl): Promise<void> {
    await this.#tables.configure(this.#directory, Object.values(definition.tables))
    const on = definition.parts.router !== false
    const routes: readonly RouteDefinition[] = on ? Object.values(definition.routes) : []
    this.#embedded = embeddedBroker(definition)
    try {
      await this.#stored.keep(routes)
    } catch (error) {
      // A store that takes no writes is told about elsewhere; messages are routed all the same.
      this.#logger.warn(`How long journals are kept could not be stored: ${String(error)}.`)
    }
    const goes = on && brokerUrl !== null
    this.#routing = {
      routes,
      outside: Object.values(definition.brokers).map((broker) => ({ broker, goes })),
      embedded: this.#embedded === null ? null : { id: this.#embedded, url: goes ? embeddedUrl : null },
      unknown: brokerNames(definition).length === 0 && goes ? brokerUrl : null,
    }
    this.#bounds = definition.outbox
    this.#webhooks = webhooksOf(definition, this.#secrets)
    const described = Object.values(definition.devices)
    this.devices.define(described)
    this.#host.describeDevices(described, () => this.devices.known())
    this.#broker.askRouter(on && this.#embedded !== null)
    await this.#connect()
  }

  async publish(message: {
    readonly topic: string
    readonly payload: string
    readonly qos: 0 | 1
    readonly retain: boolean
    readonly broker?: string | undefined
  }): Promise<void> {
    const mistake = mistakeInTopic(message.topic)
    if (mistake) {
      throw new ConsoleError(
        'topic-invalid',
        `"${message.topic}" is not a topic to publish to. ${mistake.message}`,
        'Correct the topic; levels are separated by "/", as in "site/desk/status".',
        { params: { position: mistake.position } },
      )
    }
    const { broker = null } = message
    const known = this.#known.map(({ id }) => id)
    if (broker !== null && !known.includes(broker)) {
      throw new ConsoleError(
        'broker-unknown',
        `This site has no broker “${broker}”.`,
        known.length === 0 ? 'Add it to `brokers` of site.yaml.' : `Name one of ${known.join(', ')}.`,
      )
    }
    await this.#host.publish({ ...message, broker: broker === known[0] ? null : broker })
  }

  tap(wish: TapWish): Tap {
    const id = this.#host.openTap(wish)
    const tap = new OpenTap({
      more: () => this.#host.moreOfTap(id),
      close: () => {
        this.#taps.delete(id)
        this.#host.closeTap(id)
      },
      onError: (error) => this.#logger.error(`A listener of a tap failed: ${String(error)}.`),
    })
    this.#taps.set(id, tap)
    return tap
  }

  async topics(run: string, after: number): Promise<TopicsPage> {
    const current = String(this.#host.run)
    const answer = await this.#host.ask({ type: 'topics', after: run === current ? after : 0 })
    if (answer.type !== 'topics') throw new Error('The router answered something else.')
    const { topics, sighting, unlisted, full } = answer
    return { run: current, sighting, topics: [...topics], unlisted, full }
  }

  async payload(n: number, at: number): Promise<WholePayload> {
    const answer = await this.#host.ask({ type: 'payload', n, at })
    if (answer.type === 'payload' && answer.payload !== null) return answer.payload
    throw new ConsoleError(
      'message-gone',
      'The console no longer has this message: newer ones have taken its place.',
      'Narrow the filter and wait for the next one, or record the topic.',
    )
  }

  get recorder(): RecorderPort {
    return {
      record: (order) => this.#host.record(order),
      end: (id) => this.#host.endRecording(id),
      forget: (id) => this.#host.forgetRecording(id),
      replay: (messages) => this.#host.replay(messages),
      onCounts: (listener) => this.#recorded.add(listener),
      onRestart: (listener) => this.#restarted.add(listener),
    }
  }

  trace(at: number, topic: string): Promise<MessageTrace> {
    return traceMessage({ database: this.#database, host: this.#host }, at, topic)
  }

  journal(query: Parameters<Messaging['journal']>[0]): ReturnType<Messaging['journal']> {
    return this.#stored.journal(query)
  }

  quarantine(query: Parameters<Messaging['quarantine']>[0]): ReturnType<Messaging['quarantine']> {
    return this.#stored.quarantine(query)
  }

  channel(name: string): Promise<readonly ChannelMessage[]> {
    return this.#host.channel(name)
  }

  clientFigures(): ReturnType<Messaging['clientFigures']> {
    return { clients: this.#clients.list(), untold: this.#clients.untold }
  }

  sendQuarantined(...given: Parameters<Messaging['sendQuarantined']>): ReturnType<Messaging['sendQuarantined']> {
    return this.#kept.send(...given)
  }

  discardQuarantined(
    ...given: Parameters<Messaging['discardQuarantined']>
  ): ReturnType<Messaging['discardQuarantined']> {
    return this.#kept.discard(...given)
  }

  settleWaiting(...given: Parameters<Messaging['settleWaiting']>): ReturnType<Messaging['settleWaiting']> {
    return this.#kept.settleWaiting(...given)
  }

  outbox(query: Parameters<Messaging['outbox']>[0]): ReturnType<Messaging['outbox']> {
    return this.#kept.outbox(query, this.#bounds ?? firstBounds)
  }

  holdDeliveries(on: boolean): void {
    this.#host.hold(on)
  }

  brokerClients(): Promise<readonly string[]> {
    return this.#broker.clients()
  }

  cutBroker(why: string, cause: Cause): Promise<void> {
    return this.#broker.cut(why, cause)
  }

  check(route: RouteDefinition): readonly RouteProblem[] {
    return checkRoute(route)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#stored[Symbol.dispose]()
    await this.#tables[Symbol.asyncDispose]()
    await this.#host[Symbol.asyncDispose]()
    await this.#broker[Symbol.asyncDispose]()
    await this.#deviceRecords[Symbol.asyncDispose]()
    this.#watch[Symbol.dispose]()
    this.#traffic[Symbol.dispose]()
    this.#taps.clear()
  }

  /** New ways from an embedded broker to the router. */
  #waysToRouter(): RouterPorts {
    const admission = new MessageChannel()
    const passing = new MessageChannel()
    const delivering = new MessageChannel()
    this.#host.admitFrom({ admission: admission.port2, passing: passing.port2, delivering: delivering.port2 })
    return { admission: admission.port1, passing: passing.port1, delivering: delivering.port1 }
  }

  #hear(message: FromDataPlane): void {
    switch (message.type) {
      case 'report':
        this.#traffic.report(message.report)
        this.#routes.turn()
        this.#stages.turn()
        break
      case 'routes':
        this.#routes.report(message.report.routes)
        this.#stages.report(message.report.stages)
        break
      case 'link':
        this.#traffic.link(message.broker, message.state, message.reason)
        this.#watch.link(message.broker, message.state, message.reason)
        if (message.broker === this.#embedded && message.state !== 'connected' && this.#brokerState === 'off') {
          this.#watch.brokerOff(this.#embedded)
        }
        this.devices.link(message.broker, message.state === 'connected', message.reason)
        break
      case 'devices':
        this.devices.take(message.devices, message.families)
        break
      case 'recorded':
        this.#recorded.tell(message.recordings)
        break
      case 'tap':
        this.#taps.get(message.id)?.receive(message.messages, message.skipped)
        break
    }
  }

  #brokerBecame(status: BrokerStatus): void {
    const was = this.#brokerState
    this.#brokerState = status.state
    this.#traffic.broker(status)
    if (status.state !== 'running') this.#clients.clear()
    const id = this.#embedded
    const wakes = id ?? this.#known[0]?.id
    if (wakes !== undefined && status.state === 'running' && was !== 'running') this.#host.wake(wakes)
    if (id !== null && status.state === 'off') this.#watch.brokerOff(id)
    if (this.#closed || id === null || (status.state === 'running') === (was === 'running')) return
    this.#connect().catch((error: unknown) => {
      if (this.#closed) return
      this.#logger.warn(
        `The router did not follow the broker: ${error instanceof Error ? error.message : String(error)}`,
      )
    })
  }

  /**
   * The site's brokers with how the router goes to each. To the site's own one it goes only while that runs: whoever else may listen on its
   * port is not the site's. The console's own password is told to that one only; it asks before it acknowledges, and ends with the console,
   * while any other keeps what is not acknowledged.
   */
  async #brokers(): Promise<readonly KnownBroker[]> {
    const { outside, embedded, unknown } = this.#routing
    const routerName = this.#stored.routerName()
    const ground = { directory: this.#directory, secrets: this.#secrets, routerName }
    const others = await Promise.all(
      outside.map(async ({ broker, goes }) => {
        const link = goes ? await openLink(broker, ground) : null
        return { id: broker.id, embedded: false, link }
      }),
    )
    if (unknown !== null)
      return [{ id: 'broker', embedded: false, link: { ...plainLink(unknown), session: routerName } }]
    if (embedded === null) return others
    const { user: username, password } = this.ownLogin
    const isAway = embedded.url === null || this.#brokerState !== 'running'
    const link =
      isAway || embedded.url === null
        ? null
        : {
            ...plainLink(embedded.url),
            protocol: '3.1.1' as const,
            username,
            password,
            mostLevels: mostTopicLevels,
            largestPacket: (this.#rules[embedded.id] ?? brokerSettings()).limits.packet,
          }
    return [...others, { id: embedded.id, embedded: true, link }]
  }

  async #connect(): Promise<void> {
    if (!this.#bounds) return
    const brokers = await this.#brokers()
    const { routes, outside, embedded } = this.#routing
    this.#known = brokers
    const ids = brokers.map(({ id }) => id)
    this.#watch.know(ids)
    this.devices.know(ids, embedded?.id ?? null)
    this.#traffic.know(
      brokers.map(({ id, embedded: isOwn, link }) => {
        const url = link?.url ?? outside.find(({ broker }) => broker.id === id)?.broker.url ?? embedded?.url ?? ''
        return { broker: id, embedded: isOwn, address: shownAddress(url) }
      }),
    )
    const functions = await functionGround(this.#directory, this.#runtime)
    await this.#host.configure(routes, brokers, this.#bounds, this.#webhooks, functions)
  }
}

/** Routes and brokers as site.yaml has them. */
interface Routing {
  readonly routes: readonly RouteDefinition[]
  /** Brokers that somebody else runs; `goes`: whether the router goes there at all. */
  readonly outside: readonly { readonly broker: BrokerLinkDefinition; readonly goes: boolean }[]
  readonly embedded: { readonly id: string; readonly url: string | null } | null
  /** A broker that is not in site.yaml. */
  readonly unknown: string | null
}

/** An address without what may be secret in it. */
function shownAddress(url: string): string {
  if (!URL.canParse(url)) return ''
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}
