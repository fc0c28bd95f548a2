import { createServer, type Server } from 'node:net'
import { Aedes, type AuthenticateError, type Client, type Subscription } from 'aedes'
import type { LogLevel } from '#core/platform/index.ts'
import { Door } from './broker/door.ts'
import { KeyedRate } from './broker/rates.ts'
import { mostRetained, type Retained } from './broker/retained.ts'
import { Sayings } from './broker/sayings.ts'
import { SocketGate } from './broker/socket-gate.ts'
import { mostFilters, SubscriptionBound } from './broker/subscription-bound.ts'
import { allTopics, type TopicRights } from './broker/topic-rights.ts'
import { ClientFigures } from './client-figures.ts'
import type { BrokerSettings, FromBroker } from './protocol.ts'
import { senderMark } from './sender.ts'
import { boundSessions } from './session-bound.ts'
import { mostTopicLevels, tooDeep } from './target-topic.ts'
import { parseTopicFilter } from './topic-filter.ts'

/** Connections beyond the clients: those that have not said who they are yet, and the console's own. */
const moreConnections = 250

/** How long a stop waits for retained messages on their way to the store. */
const lastRetainedMs = 1_000

/** Asked before a message of QoS 1 or 2 is acknowledged: the acknowledgement waits for the promise. Null: nothing has to happen first. `sender` is the mark of its client. */
export interface Admission {
  admit(sender: string, topic: string, payload: string | Uint8Array, qos: 1 | 2): Promise<void> | null
  /** A message of QoS 0 goes to the router; the next one of its client may be read once `done` is called. */
  pass(sender: string, topic: string, payload: string | Uint8Array, done: () => void): void
  /** One of QoS 0 that the console itself published goes to the router, and nobody waits for that. */
  passOwn(sender: string, topic: string, payload: string | Uint8Array): void
  /** Whether a client has been given what came in already, and must not be given it again. */
  hasAlready(clientId: string): boolean
}

export interface BrokerParts {
  readonly send: (message: FromBroker) => void
  /** Null: nothing ever has to happen before an acknowledgement. */
  readonly admission: Admission | null
  /** What it retains, on disk as well. */
  readonly retained: Retained
}

interface Publication {
  readonly topic: string
  readonly payload: string | Buffer
  readonly qos: number
  retain: boolean
}

interface Guest {
  readonly user: string | null
  readonly own: boolean
  readonly rights: TopicRights
  /** By which the router knows whose a message is. */
  readonly mark: string
}

/** The embedded broker: MQTT 3.1.1 over TCP, with users, rights and limits. */
export class BrokerServer {
  readonly #settings: BrokerSettings
  readonly #parts: BrokerParts
  readonly #door: Door
  readonly #gate: SocketGate
  readonly #pace: KeyedRate | null
  readonly #filters = new SubscriptionBound()
  readonly #guests = new WeakMap<Client, Guest>()
  /** Those that gave no id and want a session: the broker itself would make up one. */
  readonly #nameless = new WeakSet<Client>()
  /** Messages that are acknowledged and go nowhere. */
  readonly #dropped = new WeakSet<object>()
  readonly #refusals: Sayings
  readonly #infos: Sayings
  #broker: Aedes | undefined
  #server: Server | undefined
  readonly #connected = new Set<string>()
  #own = 0
  #connects = 0
  #disconnects = 0
  #counting: NodeJS.Timeout | undefined
  #figures: ClientFigures | undefined

  constructor(settings: BrokerSettings, parts: BrokerParts) {
    this.#settings = settings
    this.#parts = parts
    const { rules, passwords, own } = settings
    this.#door = new Door(rules, passwords, own)
    this.#pace = rules.limits.messages && new KeyedRate(rules.limits.messages)
    this.#refusals = new Sayings((message) => parts.send({ type: 'refusal', message }))
    this.#infos = new Sayings((message) => parts.send({ type: 'log', level: 'info', message, fields: {} }))
    this.#gate = new SocketGate({
      connects: rules.limits.connects,
      largestPacket: rules.limits.packet,
      handle: (socket) => {
        if (!this.#broker) throw new Error('The broker takes connections before it has started.')
        return this.#broker.handle(socket)
      },
      refuse: (sentence) => this.#refuse(sentence),
      now: () => performance.now(),
    })
  }

  /** Listens, or says why it cannot. */
  async start(): Promise<void> {
    const broker = await Aedes.createBroker({
      concurrency: 100,
      connectTimeout: 10_000,
      drainTimeout: 20_000,
      queueLimit: 100,
      maxClientsIdLength: 256,
      maxTopicLevels: mostTopicLevels,
      preConnect: (client, { clientId, clean }, done) => {
        if (clientId === '' && !clean) this.#nameless.add(client)
        done(null, true)
      },
      authenticate: (client, username, password, done) => this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeForward: (client, packet) => {
        if (!packet.retain && this.#parts.admission?.hasAlready(client.id)) return null
        this.#figures?.forwarded(client)
        return packet
      },
      authorizeSubscribe: (client, subscription, done) => this.#authorizeSubscribe(client, subscription, done),
    })
    this.#broker = broker
    this.#figures = new ClientFigures(broker, this.#parts.send)
    this.#dropRefused(broker)
    await this.#restoreRetained(broker)
    boundSessions(broker, (clientId) =>
      this.#refuse(`Messages for client ${clientId} are not kept, as too many wait for it already.`),
    )
    broker.on('client', (client) => this.#came(client))
    broker.on('clientDisconnect', (client) => this.#went(client))
    broker.on('unsubscribe', (filters, client) => this.#filters.leave(client, filters))
    broker.on('clientError', (client, error) =>
      this.#infos.say(`Client ${named(client.id)} was disconnected: ${error.message}.`, performance.now()),
    )
    broker.on('connectionError', (_client, error) =>
      this.#infos.say(`A connection was refused: ${error.message}.`, performance.now()),
    )
    await this.#listen()
  }

  /** Ids of the clients that are connected. */
  clients(): readonly string[] {
    return [...this.#connected]
  }

  /** Publishes a message of QoS 0 for the router, in the name of its own client. `done` is called once it has gone to its subscribers. */
  publishOwn(clientId: string, topic: string, payload: Buffer, done: () => void): void {
    const broker = this.#broker
    const mistake = broker ? mistakeIn(topic) : 'the broker has not started'
    if (!broker || mistake !== null) {
      if (broker) this.#refuse(`A message of the router to "${shortened(topic)}" was dropped: ${mistake}.`)
      done()
      return
    }
    const packet = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false } as const
    // The third parameter, whose message it is, is not in the types of the pinned broker.
    Reflect.apply(broker.publish, broker, [packet, clientOf(broker, clientId), done])
  }

  /** Closes every connection and the port at once. */
  async stop(): Promise<void> {
    clearTimeout(this.#counting)
    this.#figures?.[Symbol.dispose]()
    const server = this.#server
    const closed = server ? new Promise<void>((resolve) => server.close(() => resolve())) : Promise.resolve()
    const broker = this.#broker
    if (broker) await new Promise<void>((resolve) => broker.close(() => resolve()))
    this.#gate.close()
    await closed
    await this.#parts.retained.settle(lastRetainedMs)
  }

  #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#gate.take(socket))
    server.maxConnections = this.#settings.rules.limits.clients + moreConnections
    server.on('drop', () => this.#refuse(`A connection was turned away, as ${server.maxConnections} are open already.`))
    this.#server = server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: this.#settings.host, port: this.#settings.port }, () => {
        server.off('error', reject)
        server.on('error', (error) => this.#log('error', `The broker's server failed: ${error.message}.`))
        const address = server.address()
        const port = typeof address === 'object' && address ? address.port : this.#settings.port
        this.#parts.send({ type: 'listening', port })
        resolve()
      })
    })
  }

  #authenticate(
    client: Client,
    username: string | null | undefined,
    password: Readonly<Buffer> | null | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const caller = {
      clientId: this.#nameless.has(client) ? '' : client.id,
      username: username ?? null,
      password: Buffer.from(password ?? ''),
      session: !client.clean,
    }
    this.#door.admit(caller, this.#connected.size - this.#own, performance.now()).then(
      (admitted) => {
        if ('refused' in admitted) {
          this.#refuse(`Client ${named(client.id)} was not let in: ${admitted.why}.`)
          done(Object.assign(new Error(admitted.why), { returnCode: admitted.refused }), null)
          return
        }
        this.#guests.set(client, { ...admitted, mark: senderMark(client.id, this.#checkedUser(admitted)) })
        this.#gate.named(client.conn)
        done(null, true)
      },
      (error: unknown) => {
        this.#log('error', `Client ${named(client.id)} could not be checked: ${String(error)}.`)
        done(Object.assign(new Error('its password could not be checked'), { returnCode: 3 }), null)
      },
    )
  }

  #came(client: Client): void {
    const guest = this.#guests.get(client)
    this.#connected.add(client.id)
    if (guest?.own) this.#own++
    this.#door.came(client.id, guest?.user ?? null)
    this.#count(() => this.#connects++)
  }

  #went(client: Client): void {
    const own = this.#isOwn(client)
    this.#connected.delete(client.id)
    if (own) this.#own--
    const end = { goodbye: saidGoodbye(client), session: !client.clean, own }
    if (this.#door.went(client.id, end, performance.now())) {
      const { losses, withinMs, holdMs } = this.#settings.rules.limits.flapping
      this.#refuse(
        `Client ${named(client.id)} is held off for ${holdMs / 1000} s: it lost its connection ${losses} times within ${withinMs / 1000} s. Two devices with one client id do that, or a bad network.`,
      )
    }
    this.#count(() => this.#disconnects++)
  }

  #authorizeSubscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, granted: Subscription | null) => void,
  ): void {
    const granted = this.#granted(client, subscription)
    // What its session held is put back before it has come in.
    const isNew = granted !== null && this.#connected.has(client.id) && !this.#isOwn(client)
    const wait = isNew ? this.#filters.wait(client.id, performance.now()) : 0
    if (wait === 0) done(null, granted)
    else setTimeout(() => done(null, granted), wait)
  }

  /** The subscription, or null when it is refused. */
  #granted(client: Client, subscription: Subscription): Subscription | null {
    const refusal =
      refusalOf(subscription.topic, this.#guests.get(client)?.rights ?? allTopics) ??
      (this.#filters.take(client, subscription.topic) ? null : `it has ${mostFilters} of them already.`)
    if (refusal === null) return subscription
    this.#refuse(`Client ${named(client.id)} was refused the filter "${shortened(subscription.topic)}": ${refusal}`)
    return null
  }

  #authorizePublish(client: Client | null, packet: Publication, done: (error?: Error | null) => void): void {
    const mistake = mistakeIn(packet.topic)
    if (mistake !== null) {
      done(new Error(mistake))
      return
    }
    if (client && !(this.#guests.get(client)?.rights ?? allTopics).mayPublish(packet.topic)) {
      this.#refuse(
        `A message of client ${named(client.id)} to "${shortened(packet.topic)}" was dropped: it may not publish there.`,
      )
      this.#dropped.add(packet)
      done(null)
      return
    }
    if (packet.retain) this.#keepWithinBound(client, packet)
    const wait = client && this.#pace && !this.#isOwn(client) ? this.#pace.reserve(client.id, performance.now()) : 0
    const sender = client === null ? '' : this.#markOf(client)
    if (packet.qos === 0 && client && this.#isOwn(client)) {
      this.#parts.admission?.passOwn(sender, packet.topic, packet.payload)
      this.#retain(packet, done)
    } else if (wait === 0) this.#admit(sender, packet, done)
    else setTimeout(() => this.#admit(sender, packet, done), wait)
  }

  #admit(sender: string, packet: Publication, done: (error?: Error | null) => void): void {
    const { topic, payload, qos } = packet
    const { admission } = this.#parts
    if (qos === 0) {
      if (admission) admission.pass(sender, topic, payload, () => this.#retain(packet, done))
      else this.#retain(packet, done)
      return
    }
    const admitted = admission?.admit(sender, topic, payload, qos > 1 ? 2 : 1) ?? null
    // One that is not admitted is not kept either.
    if (admitted === null) this.#retain(packet, done)
    else admitted.then(() => this.#retain(packet, done), done)
  }

  #retain({ topic, payload, qos, retain }: Publication, done: (error?: Error | null) => void): void {
    const safe = retain ? this.#parts.retained.keep(topic, bytesOf(payload), qos) : null
    if (safe === null) done(null)
    else safe.then(() => done(null), done)
  }

  /** As whom a client is logged in; null when any name would have done. */
  #checkedUser({ user, own }: { readonly user: string | null; readonly own: boolean }): string | null {
    return user !== null && !own && Object.hasOwn(this.#settings.rules.users, user) ? user : null
  }

  #markOf(client: Client): string {
    return this.#guests.get(client)?.mark ?? client.id
  }

  #isOwn(client: Client): boolean {
    return this.#guests.get(client)?.own ?? false
  }

  /** A refused message is acknowledged all the same: closing the connection would only make the client send it again, for ever. */
  #dropRefused(broker: Aedes): void {
    const publish: Aedes['publish'] = broker.publish.bind(broker)
    broker.publish = (packet: Parameters<Aedes['publish']>[0], ...rest: [unknown, unknown?]) => {
      if (!this.#dropped.has(packet)) return Reflect.apply(publish, broker, [packet, ...rest])
      const done = rest.at(-1)
      if (typeof done === 'function') done(null)
    }
  }

  #keepWithinBound(client: Client | null, packet: Publication): void {
    if (this.#parts.retained.hasRoomFor(packet.topic, bytesOf(packet.payload))) return
    packet.retain = false
    this.#refuse(
      `A message of ${client ? named(client.id) : 'the broker'} was not retained: ${mostRetained} topics or 64 MiB are kept already.`,
    )
  }

  /** Gives the broker what it retained before, and follows what it puts in place from here on. */
  async #restoreRetained(broker: Aedes): Promise<void> {
    const { retained } = this.#parts
    const store = retainedStoreOf(broker)
    for (const { topic, payload, qos } of await retained.load()) {
      const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: true, dup: false } as const
      await store.storeRetained({ ...packet, brokerId: broker.id, brokerCounter: 0 })
    }
    const put = store.storeRetained.bind(store)
    store.storeRetained = (packet) => {
      retained.applied(packet.topic, bytesOf(packet.payload), packet.qos)
      return put(packet)
    }
  }

  /** Gathers connects and disconnects, so that a client that comes and goes all the time costs one message a quarter second. */
  #count(change: () => void): void {
    change()
    this.#counting ??= setTimeout(() => {
      this.#counting = undefined
      const now = this.#broker?.connectedClients ?? 0
      this.#parts.send({ type: 'clients', now, connects: this.#connects, disconnects: this.#disconnects })
    }, 250)
  }

  #refuse(sentence: string): void {
    this.#refusals.say(sentence, performance.now())
  }

  #log(level: LogLevel, message: string): void {
    this.#parts.send({ type: 'log', level, message, fields: {} })
  }
}

/**
 * Why nothing can be published to a topic, the end of a sentence; null when it can. The broker itself looks at wildcards in messages alone,
 * not in a last will: whoever sent on what comes of one would be disconnected.
 */
function mistakeIn(topic: string): string | null {
  if (topic === '') return 'a topic that is empty'
  if (topic.startsWith('$SYS/')) return 'topics below $SYS are the broker’s own'
  // What is no UTF-8 has become U+FFFD. The specification wants such a connection closed (MQTT 3.1.1, section 1.5.3).
  if (topic.includes('\uFFFD') || topic.includes('\0')) return 'a topic that is not UTF-8 text'
  return /[+#]/.test(topic) ? 'a topic with a wildcard' : tooDeep(topic, mostTopicLevels)
}

/** Why a filter is not served; null when it is. */
function refusalOf(filter: string, rights: TopicRights): string | null {
  const parsed = parseTopicFilter(filter)
  if ('mistake' in parsed) return parsed.mistake.message
  if (parsed.filter.share !== null) {
    return 'shared subscriptions need MQTT 5, which the embedded broker does not speak; subscribe without $share, or use another broker.'
  }
  return rights.maySubscribe(parsed.filter) ? null : 'it may not listen there.'
}

interface RetainedPacket {
  readonly topic: string
  readonly payload: string | Buffer
  readonly qos: number
}

/** What is used of the pinned broker's store of retained messages. */
interface RetainedStore {
  storeRetained(packet: RetainedPacket & Readonly<Record<string, unknown>>): Promise<void>
}

function retainedStoreOf(broker: Aedes): RetainedStore {
  const store: unknown = Reflect.get(broker, 'persistence')
  if (!isRetainedStore(store)) throw new Error('The broker has no store of retained messages.')
  return store
}

function isRetainedStore(value: unknown): value is RetainedStore {
  return typeof value === 'object' && value !== null && 'storeRetained' in value
}

/** Kept by the pinned aedes: clients that are connected, by id. Null for one that is not there. */
function clientOf(broker: Aedes, id: string): unknown {
  const clients: unknown = Reflect.get(broker, 'clients')
  return typeof clients === 'object' && clients !== null ? (Reflect.get(clients, id) ?? null) : null
}

/** The same bytes each time they are asked for, unless it is text. */
function bytesOf(payload: string | Buffer): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}

/** Kept by the pinned aedes: whether the client sent DISCONNECT. */
function saidGoodbye(client: object): boolean {
  return Reflect.get(client, '_disconnected') === true
}

/** A client id fit for a log. */
function named(id: string | undefined): string {
  return shortened((id ?? '(without an id)').replaceAll(/\p{Cc}/gu, '�'))
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
