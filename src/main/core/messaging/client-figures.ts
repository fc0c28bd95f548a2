import type { Aedes, Client } from 'aedes'
import type { BrokerClient, FromBroker } from './protocol.ts'

/** How often figures that changed are told. */
const tellMs = 250

/** Clients that are told of, subscriptions of each that are named, and the longest will that is shown in full. */
export const mostTold = 1_000
const mostSubscriptions = 100
const longestWill = 1_024

interface Told {
  readonly client: Client
  readonly since: number
  received: number
  sent: number
  lastAt: number
  changed: boolean
}

/**
 * What the embedded broker knows of each of its clients: address, since when, subscriptions, last will, messages in and out. Four times
 * a second those whose figures changed are told, and who has gone. Counting a message costs one look-up.
 */
export class ClientFigures implements Disposable {
  readonly #send: (message: FromBroker) => void
  readonly #told = new Map<string, Told>()
  readonly #gone = new Set<string>()
  readonly #timer: NodeJS.Timeout
  /** Clients beyond the bound. */
  #untold = 0
  #toldUntold = 0

  constructor(broker: Aedes, send: (message: FromBroker) => void) {
    this.#send = send
    broker.on('client', (client) => this.#came(client))
    broker.on('clientDisconnect', (client) => this.#went(client))
    broker.on('publish', (_packet, client) => {
      if (client) this.#count(client, 'received')
    })
    broker.on('subscribe', (_subscriptions, client) => this.#touch(client))
    broker.on('unsubscribe', (_filters, client) => this.#touch(client))
    this.#timer = setInterval(() => this.#tell(), tellMs)
  }

  /** A message goes to a client. */
  forwarded(client: Client): void {
    this.#count(client, 'sent')
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #came(client: Client): void {
    this.#gone.delete(client.id)
    if (this.#told.size >= mostTold && !this.#told.has(client.id)) {
      this.#untold++
      return
    }
    const now = Date.now()
    this.#told.set(client.id, { client, since: now, received: 0, sent: 0, lastAt: now, changed: true })
  }

  #went(client: Client): void {
    const told = this.#told.get(client.id)
    if (!told) this.#untold = Math.max(0, this.#untold - 1)
    // One that took the id over is connected already.
    if (told?.client !== client) return
    this.#told.delete(client.id)
    this.#gone.add(client.id)
  }

  #count(client: Client, direction: 'received' | 'sent'): void {
    const told = this.#told.get(client.id)
    if (!told) return
    told[direction]++
    told.changed = true
    if (direction === 'received') told.lastAt = Date.now()
  }

  #touch(client: Client): void {
    const told = this.#told.get(client.id)
    if (told) told.changed = true
  }

  #tell(): void {
    const changed: BrokerClient[] = []
    for (const told of this.#told.values()) {
      if (!told.changed) continue
      told.changed = false
      changed.push(viewOf(told))
    }
    if (changed.length === 0 && this.#gone.size === 0 && this.#untold === this.#toldUntold) return
    this.#send({ type: 'figures', clients: changed, gone: [...this.#gone], untold: this.#untold })
    this.#gone.clear()
    this.#toldUntold = this.#untold
  }
}

function viewOf({ client, since, received, sent, lastAt }: Told): BrokerClient {
  const subscriptions = subscriptionsOf(client)
  return {
    id: client.id,
    address: addressOf(client),
    since,
    lastAt,
    received,
    sent,
    subscriptions: subscriptions.slice(0, mostSubscriptions),
    moreSubscriptions: Math.max(0, subscriptions.length - mostSubscriptions),
    will: willOf(client),
  }
}

function addressOf({ conn }: Client): string | null {
  const address = Reflect.get(conn, 'remoteAddress')
  const port = Reflect.get(conn, 'remotePort')
  if (typeof address !== 'string') return null
  const host = address.startsWith('::ffff:') ? address.slice(7) : address
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Kept by the pinned aedes under the filters. */
function subscriptionsOf(client: Client): BrokerClient['subscriptions'] {
  const kept: unknown = Reflect.get(client, 'subscriptions')
  if (typeof kept !== 'object' || kept === null) return []
  return Object.entries(kept)
    .map(([filter, subscription]: [string, unknown]) => ({ filter, qos: qosOf(subscription) }))
    .sort((a, b) => (a.filter < b.filter ? -1 : 1))
}

/** Kept by the pinned aedes as `will`, null when the client named none. */
function willOf(client: Client): BrokerClient['will'] {
  const will: unknown = Reflect.get(client, 'will')
  if (typeof will !== 'object' || will === null || !('topic' in will) || typeof will.topic !== 'string') return null
  const payload: unknown = Reflect.get(will, 'payload')
  const text = payload instanceof Uint8Array ? Buffer.from(payload).toString() : String(payload ?? '')
  return {
    topic: will.topic,
    payload: text.length > longestWill ? `${text.slice(0, longestWill)}…` : text,
    qos: qosOf(will),
    retain: Reflect.get(will, 'retain') === true,
  }
}

function qosOf(value: unknown): number {
  const qos: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'qos') : undefined
  return typeof qos === 'number' ? qos : 0
}
