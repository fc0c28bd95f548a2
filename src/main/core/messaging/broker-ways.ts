import type { IPublishPacket } from 'mqtt'
import type { DeliveringLine } from './admission/delivering-line.ts'
import { BrokerWay } from './broker-way.ts'
import type { MessageProperties } from './message-properties.ts'
import type { KnownBroker, LinkState } from './protocol.ts'

export interface BrokerWaysParts {
  readonly clientId: string
  /** The way to the console's own broker for messages of QoS 0. */
  readonly delivering: DeliveringLine
  readonly random: () => number
  readonly fullness: () => number
  readonly message: (
    broker: string,
    topic: string,
    payload: Buffer,
    packet: IPublishPacket,
    acknowledge: ((isKept: boolean) => void) | null,
    brought: MessageProperties | null,
  ) => void
  readonly state: (broker: string, state: LinkState, reason: string) => void
  /** A way was made; deliveries of this name go by it. */
  readonly opened: (name: string, way: BrokerWay) => void
  readonly room: (name: string, reopened: boolean) => void
  /** What waited for a broker has become less. */
  readonly sent: () => void
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/**
 * The ways to all brokers of a site. The way to the first one, which routes mean that name none, is made once and goes to whichever broker
 * is first; every other way belongs to the broker that it is named after.
 */
export class BrokerWays {
  readonly #parts: BrokerWaysParts
  readonly #home: BrokerWay
  readonly #named = new Map<string, BrokerWay>()
  /** The brokers of the site; the first is at the end of the way without a name. */
  #brokers: readonly KnownBroker[] = []

  constructor(parts: BrokerWaysParts) {
    this.#parts = parts
    this.#home = this.#make(undefined)
  }

  /** The name under which deliveries to a broker are queued. */
  static nameOf(broker: string | undefined): string {
    return broker === undefined ? 'mqtt' : `mqtt@${broker}`
  }

  /** The broker that is meant where none is named; null without any. */
  get home(): string | null {
    return this.#brokers[0]?.id ?? null
  }

  /** The broker of the console itself; null without one. */
  get embedded(): string | null {
    return this.#brokers.find(({ embedded }) => embedded)?.id ?? null
  }

  /** How full the queues to the console's own broker are, 0 to 1. */
  get embeddedFullness(): number {
    const { embedded } = this
    return embedded === null ? 0 : this.to(embedded).sender.fullness
  }

  /** The console's own broker has room again for messages of QoS 0. */
  deliveringRoom(): void {
    const { embedded } = this
    if (embedded !== null) this.to(embedded).sender.drained()
  }

  /** The way to a broker: of that name, or to the first one. It is there also for a broker that the site no longer has. */
  to(broker: string | undefined): BrokerWay {
    if (broker === undefined || broker === this.home) return this.#home
    const known = this.#named.get(broker)
    if (known) return known
    const way = this.#make(broker)
    this.#named.set(broker, way)
    return way
  }

  /** Takes over which brokers there are. */
  know(brokers: readonly KnownBroker[]): void {
    this.#brokers = brokers
  }

  /** Goes to every broker that is known, and leaves all others. */
  connect(reservedOf: (broker: string) => readonly string[]): void {
    const [home, ...others] = this.#brokers
    const wanted = new Set(others.map(({ id }) => id))
    for (const [id, way] of this.#named) if (!wanted.has(id)) way.use(null, [])
    this.#home.use(home?.link ?? null, home ? reservedOf(home.id) : [])
    for (const { id, link } of others) this.to(id).use(link, reservedOf(id))
  }

  progress(): void {
    for (const way of this.#all()) way.progress()
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((way) => way.close()))
  }

  #all(): readonly BrokerWay[] {
    return [this.#home, ...this.#named.values()]
  }

  #make(broker: string | undefined): BrokerWay {
    const { clientId, delivering, random, fullness, message, state, opened, room, sent, log } = this.#parts
    const name = BrokerWays.nameOf(broker)
    const at = () => broker ?? this.home ?? ''
    const way = new BrokerWay({
      clientId,
      delivering: () => (at() === this.embedded ? delivering : null),
      random,
      fullness,
      message: (...given) => message(at(), ...given),
      state: (now, reason) => state(at(), now, reason),
      room: (reopened) => room(name, reopened),
      sent,
      log,
    })
    opened(name, way)
    return way
  }
}
