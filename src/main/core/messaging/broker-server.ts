import { createServer, type Server, type Socket } from 'node:net'
import { Aedes, type Client } from 'aedes'
import type { LogLevel } from '#core/platform/index.ts'
import { ClientFigures } from './client-figures.ts'
import type { BrokerSettings, FromBroker } from './protocol.ts'
import { boundSessions } from './session-bound.ts'
import { parseTopicFilter } from './topic-filter.ts'

/** Largest packet that is taken, in bytes. A larger one ends its connection. */
export const largestPacket = 2 * 1024 * 1024

/** Clients at a time; one more is turned away. */
export const mostClients = 1_000

/** Topics that may hold a retained message; on further ones the message passes but is not kept. */
export const mostRetained = 10_000

/** Asked before a message of QoS 1 or 2 is acknowledged: the acknowledgement waits for the promise. Null: nothing has to happen first. */
export interface Admission {
  admit(topic: string, payload: string | Uint8Array, qos: 1 | 2): Promise<void> | null
  /** Whether a client has been given what was admitted already, and must not be given it again. */
  hasAlready(clientId: string): boolean
}

export interface BrokerParts {
  readonly send: (message: FromBroker) => void
  /** Null: nothing ever has to happen before an acknowledgement. */
  readonly admission: Admission | null
}

/** The embedded broker: MQTT 3.1.1 over TCP, with limits, nothing kept on disk. */
export class BrokerServer {
  readonly #settings: BrokerSettings
  readonly #parts: BrokerParts
  readonly #sockets = new Set<Socket>()
  readonly #retained = new Set<string>()
  /** Sentences that were logged already, so that a client that tries again and again does not fill the log. */
  readonly #said = new Set<string>()
  #broker: Aedes | undefined
  #server: Server | undefined
  readonly #connected = new Set<string>()
  #connects = 0
  #disconnects = 0
  #counting: NodeJS.Timeout | undefined
  #figures: ClientFigures | undefined

  constructor(settings: BrokerSettings, parts: BrokerParts) {
    this.#settings = settings
    this.#parts = parts
  }

  /** Listens, or says why it cannot. */
  async start(): Promise<void> {
    const broker = await Aedes.createBroker({
      concurrency: 100,
      connectTimeout: 10_000,
      drainTimeout: 20_000,
      queueLimit: 100,
      maxClientsIdLength: 256,
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeForward: (client, packet) => {
        if (packet.qos > 0 && !packet.retain && this.#parts.admission?.hasAlready(client.id)) return null
        this.#figures?.forwarded(client)
        return packet
      },
      authorizeSubscribe: (client, subscription, done) => {
        const refusal = refusalOf(subscription.topic)
        if (refusal)
          this.#log('warn', `Client ${client.id} was refused the filter "${shortened(subscription.topic)}": ${refusal}`)
        done(null, refusal ? null : subscription)
      },
    })
    this.#broker = broker
    this.#figures = new ClientFigures(broker, this.#parts.send)
    boundSessions(broker, (clientId) =>
      this.#log('warn', `Messages for client ${clientId} are not kept, as too many wait for it already.`),
    )
    broker.on('client', ({ id }) => {
      this.#connected.add(id)
      this.#count(() => this.#connects++)
    })
    broker.on('clientDisconnect', ({ id }) => {
      this.#connected.delete(id)
      this.#count(() => this.#disconnects++)
    })
    broker.on('clientError', (client, error) =>
      this.#log('info', `Client ${client.id} was disconnected: ${error.message}.`),
    )
    broker.on('connectionError', (_client, error) => this.#log('info', `A connection was refused: ${error.message}.`))
    await this.#listen(broker)
  }

  /** Ids of the clients that are connected. */
  clients(): readonly string[] {
    return [...this.#connected]
  }

  /** Closes every connection and the port at once. */
  async stop(): Promise<void> {
    clearTimeout(this.#counting)
    this.#figures?.[Symbol.dispose]()
    const server = this.#server
    const closed = server ? new Promise<void>((resolve) => server.close(() => resolve())) : Promise.resolve()
    const broker = this.#broker
    if (broker) await new Promise<void>((resolve) => broker.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #listen(broker: Aedes): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#take(broker, socket))
    server.maxConnections = mostClients
    server.on('drop', () => this.#log('warn', `A client was turned away, as ${mostClients} are connected already.`))
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

  #take(broker: Aedes, socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const client = broker.handle(socket)
    // After the broker has read what arrived, its parser knows how long the packet is that has begun.
    socket.on('readable', () => {
      const length = lengthOfPacketBegun(client)
      if (length <= largestPacket || socket.destroyed) return
      this.#log(
        'warn',
        `Client ${client.id ?? `at ${socket.remoteAddress}`} was disconnected: it sent a packet of ${length} bytes, more than the ${largestPacket} that are taken.`,
      )
      socket.destroy()
    })
  }

  #authorizePublish(
    client: Client | null,
    packet: { topic: string; payload: string | Buffer; qos: number; retain: boolean },
    done: (error?: Error | null) => void,
  ): void {
    if (packet.topic.startsWith('$SYS/')) {
      done(new Error('topics below $SYS are the broker’s own'))
      return
    }
    if (packet.retain) this.#keepWithinBound(client, packet)
    const { topic, payload, qos } = packet
    const admitted = qos > 0 ? (this.#parts.admission?.admit(topic, payload, qos > 1 ? 2 : 1) ?? null) : null
    if (admitted === null) done(null)
    else admitted.then(() => done(null), done)
  }

  #keepWithinBound(client: Client | null, packet: { topic: string; payload: string | Buffer; retain: boolean }): void {
    if (packet.payload.length === 0) {
      this.#retained.delete(packet.topic)
    } else if (this.#retained.size < mostRetained || this.#retained.has(packet.topic)) {
      this.#retained.add(packet.topic)
    } else {
      packet.retain = false
      this.#log(
        'warn',
        `A message of ${client?.id ?? 'the broker'} was not retained, as ${mostRetained} topics hold one already.`,
      )
    }
  }

  /** Gathers connects and disconnects, so that a client that comes and goes all the time costs one message a quarter second. */
  #count(change: () => void): void {
    change()
    this.#counting ??= setTimeout(() => {
      this.#counting = undefined
      const now = this.#broker?.connectedClients ?? 0
      this.#parts.send({ type: 'clients', now, connects: this.#connects, disconnects: this.#disconnects })
      this.#said.clear()
    }, 250)
  }

  #log(level: LogLevel, message: string): void {
    if (this.#said.size > 100 || this.#said.has(message)) return
    this.#said.add(message)
    this.#parts.send({ type: 'log', level, message, fields: {} })
  }
}

/** Why a filter is not served; null when it is. */
function refusalOf(filter: string): string | null {
  const parsed = parseTopicFilter(filter)
  if ('mistake' in parsed) return parsed.mistake.message
  return parsed.filter.share === null
    ? null
    : 'shared subscriptions need MQTT 5, which the embedded broker does not speak; subscribe without $share, or use another broker.'
}

/** Bytes of the packet that a client has begun to send, -1 between packets. Read from the pinned aedes and mqtt-packet. */
function lengthOfPacketBegun(client: object): number {
  const parser = property(client, '_parser')
  const length = property(property(parser, 'packet'), 'length')
  return typeof length === 'number' ? length : -1
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
