import { isDeepStrictEqual } from 'node:util'
import {
  connect,
  type ErrorWithReasonCode,
  type IClientOptions,
  type IPublishPacket,
  type ISubscriptionMap,
  type MqttClient,
} from 'mqtt'
import { Acknowledgements } from './acknowledgements.ts'
import { goodbyeOf, linkFailure } from './broker/link-failure.ts'
import { SpokenVersion } from './broker/spoken-version.ts'
import { type MessageProperties, propertiesOf } from './message-properties.ts'
import { type BrokerLink, type LinkState, routerClientPrefix } from './protocol.ts'

/** Pauses between attempts to connect: doubled from the first up to the last, each shortened by up to half at random. */
const firstPauseMs = 250
const lastPauseMs = 5_000

/** How long one attempt may take until the broker has answered. */
const connectTimeoutMs = 10_000

/** Largest packet that is taken, in bytes: mqtt.js itself would gather up to 256 MiB. */
const largestIncoming = 16 * 1024 * 1024

/** Messages of QoS 1 that a broker of MQTT 5 may send before the first of them is acknowledged. */
const receiveMaximum = 1_000

/** How long the broker may take to answer a goodbye. */
const goodbyeMs = 500

export interface LinkEvents {
  /** A message arrived. Of QoS 1 the broker keeps it until `acknowledge` is called; with false it is sent again on another connection. */
  message(
    topic: string,
    payload: Buffer,
    packet: IPublishPacket,
    acknowledge: ((isKept: boolean) => void) | null,
    brought: MessageProperties | null,
  ): void
  /** After each message: the next one is read when `done` is called. */
  gate(done: () => void): void
  state(state: LinkState, reason: string): void
  /** There is a connection that packets can be sent on; until `closed`. */
  opened(connection: MqttClient): void
  closed(): void
  /** The socket takes more again. */
  drained(): void
  log(level: 'info' | 'warn', message: string): void
}

/**
 * The router's connection to the broker. Each connection is a client of its own: what was in flight on a lost one is the sender's to send
 * again, so nothing of an old connection can reach into a new one. Messages are acknowledged when the router says so, not when they were
 * read: mqtt.js itself would wait for each one before it reads the next.
 */
export class MqttLink {
  readonly #events: LinkEvents
  readonly #clientId: string
  readonly #random: () => number
  #broker: BrokerLink | null = null
  #version = new SpokenVersion(null)
  #client: MqttClient | undefined
  #reserved: readonly string[] = []
  #attempt = 0
  #pause: NodeJS.Timeout | undefined
  #state: LinkState = 'off'
  #lastReason = ''

  constructor(events: LinkEvents, clientId: string, random: () => number) {
    this.#events = events
    this.#clientId = clientId
    this.#random = random
  }

  get connected(): boolean {
    return this.#state === 'connected'
  }

  /** The connection, when there is one. */
  get client(): MqttClient | undefined {
    return this.connected ? this.#client : undefined
  }

  /** Why there is no connection, in a few words. */
  get reason(): string {
    return this.#lastReason
  }

  /** Goes to another broker; `null` stays away from any. The same address again changes nothing. */
  use(broker: BrokerLink | null): void {
    if (isDeepStrictEqual(broker, this.#broker)) return
    this.#drop()
    this.#broker = broker
    this.#version = new SpokenVersion(broker?.protocol ?? null)
    this.#attempt = 0
    this.#lastReason = broker?.fault ?? ''
    if (broker === null) this.#become('off', 'There is no broker to connect to at present.')
    else if (broker.fault !== null) this.#become('connecting', broker.fault)
    else this.#connect(broker)
  }

  /** Listens to filters on the broker's own topics besides everything else. */
  listenTo(reserved: readonly string[]): void {
    const gone = this.#reserved.filter((filter) => !reserved.includes(filter))
    const added = reserved.filter((filter) => !this.#reserved.includes(filter))
    this.#reserved = reserved
    if (!this.#client || !this.connected) return
    if (gone.length > 0) this.#client.unsubscribe(gone)
    if (added.length > 0) this.#subscribe(this.#client, added)
  }

  /** Tries at once when it waits for the next attempt. */
  wake(): void {
    this.#attempt = 0
    if (this.#pause === undefined || this.#broker === null) return
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#connect(this.#broker)
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#broker = null
    this.#drop()
    if (!client) return
    await new Promise<void>((resolve) => {
      const { stream } = client
      if (stream.destroyed) return resolve()
      const impatience = setTimeout(() => stream.destroy(), goodbyeMs)
      stream.once('close', () => {
        clearTimeout(impatience)
        resolve()
      })
    })
  }

  #connect(broker: BrokerLink): void {
    const { url, session, keepaliveMs, mostHops } = broker
    const version = this.#version.current
    this.#become('connecting', this.#lastReason || `Connecting to ${url}.`)
    const client = connect(url, {
      clientId: session ?? `${routerClientPrefix}${this.#clientId}`,
      clean: session === null,
      protocolVersion: version,
      reconnectPeriod: 0,
      resubscribe: false,
      connectTimeout: connectTimeoutMs,
      keepalive: Math.max(1, Math.round(keepaliveMs / 1000)),
      queueQoSZero: false,
      timerVariant: 'native',
      ...optionsOf(broker),
      ...(version === 5 && { properties: wishesOf(broker) }),
    })
    this.#client = client
    const acknowledgements = new Acknowledgements(client)
    let begun = 0
    client.stream.on('data', (chunk: Uint8Array) => {
      begun += chunk.length
      if (begun <= largestIncoming) return
      this.#lastReason = `The broker at ${url} sent a packet of more than ${largestIncoming / 1024 / 1024} MiB, which is not taken.`
      client.stream.destroy()
    })
    client.on('packetreceive', (packet) => {
      begun = 0
      if (packet.cmd === 'publish') acknowledgements.takeOver(packet)
    })
    client.on('message', (topic, payload, packet) => {
      if (client !== this.#client) return
      const brought = packet.properties === undefined ? null : propertiesOf(packet, Date.now(), mostHops)
      this.#events.message(topic, payload, packet, acknowledgements.of(packet), brought)
    })
    client.on('disconnect', ({ reasonCode }) => {
      if (client === this.#client) this.#lastReason = goodbyeOf(reasonCode ?? 0, url)
    })
    client.handleMessage = (_packet, done) => this.#events.gate(done)
    client.on('connect', () => {
      if (client !== this.#client) return
      this.#version.answered()
      this.#subscribe(client, [everythingOf(broker), ...this.#reserved])
    })
    client.on('error', (error: Error | ErrorWithReasonCode) => {
      if (client !== this.#client) return
      this.#version.failed('code' in error ? error.code : null)
      this.#lastReason = linkFailure(error, url)
    })
    client.on('close', () => this.#lost(client, broker))
  }

  /** Subscribes, and is connected once the broker has granted everything. */
  #subscribe(client: MqttClient, filters: readonly string[]): void {
    const wanted: ISubscriptionMap = Object.fromEntries(filters.map((filter) => [filter, { qos: 1 }]))
    client.subscribe(wanted, (error, granted) => {
      if (client !== this.#client) return
      if (error) {
        this.#lastReason = `The broker refused the subscription: ${error.message}.`
        this.#events.log('warn', this.#lastReason)
        if (!granted?.some(({ qos }) => qos < 3)) {
          client.end(true)
          return
        }
      }
      if (this.connected) return
      this.#attempt = 0
      this.#lastReason = ''
      client.stream.on('drain', () => {
        if (client === this.#client) this.#events.drained()
      })
      this.#become('connected', `Connected to the broker by ${this.#version.inWords}.`)
      this.#events.opened(client)
    })
  }

  #lost(client: MqttClient, broker: BrokerLink): void {
    if (client !== this.#client) return
    this.#client = undefined
    const wasConnected = this.connected
    client.removeAllListeners('message')
    if (this.#lastReason === '') this.#lastReason = `The broker at ${broker.url} closed the connection.`
    this.#become('connecting', this.#lastReason)
    // Before the client gives up what was under way, one by one: that all of it was cut off shows which message makes the broker hang up.
    if (wasConnected) this.#events.closed()
    client.end(true)
    if (this.#version.lost() === 'refused') {
      this.#events.log('info', `The broker at ${broker.url} refuses MQTT 5: the router goes on with MQTT 3.1.1.`)
      this.#lastReason = ''
      this.#connect(broker)
      return
    }
    const pause = Math.min(lastPauseMs, firstPauseMs * 2 ** this.#attempt++)
    this.#pause = setTimeout(
      () => {
        this.#pause = undefined
        if (this.#broker === broker) this.#connect(broker)
      },
      pause * (0.5 + this.#random() / 2),
    )
  }

  #drop(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    const client = this.#client
    if (!client) return
    const wasConnected = this.connected
    this.#client = undefined
    this.#state = 'connecting'
    client.removeAllListeners('message')
    // A polite goodbye only where somebody listens: otherwise the client would wait for an answer.
    client.end(!wasConnected)
    if (wasConnected) this.#events.closed()
  }

  #become(state: LinkState, reason: string): void {
    if (state === this.#state && state !== 'connecting') return
    this.#state = state
    this.#events.state(state, reason)
  }
}

/** What a broker of MQTT 5 is asked for: to keep the session for a while, and not to send what would not be taken. */
function wishesOf({ session, sessionExpiryMs }: BrokerLink): IClientOptions['properties'] {
  return {
    receiveMaximum,
    maximumPacketSize: largestIncoming,
    ...(session !== null && { sessionExpiryInterval: Math.min(0xffff_fffe, Math.round(sessionExpiryMs / 1000)) }),
  }
}

/** User, password and certificates, those that there are. */
function optionsOf({ username, password, ca, cert, key, serverName }: BrokerLink): IClientOptions {
  return {
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...(ca !== null && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
    ...(serverName !== null && { servername: serverName }),
  }
}

/** The filter of everything, or of the router's share of it. */
function everythingOf({ share }: BrokerLink): string {
  return share === null ? '#' : `$share/${share}/#`
}
