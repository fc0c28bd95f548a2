import type { IPublishPacket } from 'mqtt'
import type { DeliveringLine } from './admission/delivering-line.ts'
import { Intake } from './intake.ts'
import type { MessageProperties } from './message-properties.ts'
import { MqttLink } from './mqtt-link.ts'
import { MqttSender } from './mqtt-sender.ts'
import { MqttDelivery } from './outbox/mqtt-delivery.ts'
import type { BrokerLink, LinkState } from './protocol.ts'

export interface BrokerWayParts {
  readonly clientId: string
  /** By what messages of QoS 0 go to the broker, besides its connection; null unless it is the console's own. */
  readonly delivering: () => DeliveringLine | null
  readonly random: () => number
  /** How full the way of messages to the disk is, from 0 to 1. */
  readonly fullness: () => number
  /** A message came in; see {@link LinkEvents.message}. */
  readonly message: (
    topic: string,
    payload: Buffer,
    packet: IPublishPacket,
    acknowledge: ((isKept: boolean) => void) | null,
    brought: MessageProperties | null,
  ) => void
  readonly state: (state: LinkState, reason: string) => void
  /** Deliveries may go on; `reopened` after a time without a connection. */
  readonly room: (reopened: boolean) => void
  /** What waited for the broker has become less. */
  readonly sent: () => void
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** The way to one broker and back: its connection and what is sent on it. Each broker has its own, so that none waits for another. */
export class BrokerWay {
  readonly sender: MqttSender
  readonly delivery: MqttDelivery
  readonly #intake: Intake
  readonly #link: MqttLink
  #largest = Number.POSITIVE_INFINITY
  #mostLevels = Number.POSITIVE_INFINITY

  constructor(parts: BrokerWayParts) {
    this.sender = new MqttSender(() => {
      this.#intake.progress()
      parts.sent()
    })
    // A broker that brings messages faster than it takes what becomes of them is read slower.
    this.#intake = new Intake(() => Math.max(parts.fullness(), this.sender.fullness))
    this.delivery = new MqttDelivery(() => parts.room(false))
    this.#link = new MqttLink(
      {
        message: parts.message,
        gate: (done) => this.#intake.gate(done),
        state: parts.state,
        opened: (client) => {
          const bounds = { largest: this.#largest, mostLevels: this.#mostLevels }
          this.sender.opened(client, { ...bounds, delivering: parts.delivering() })
          this.delivery.opened(client, bounds)
          parts.room(true)
        },
        closed: () => {
          this.#intake.close()
          this.sender.closed()
          this.delivery.closed()
        },
        drained: () => {
          this.sender.drained()
          parts.room(false)
        },
        log: parts.log,
      },
      parts.clientId,
      parts.random,
    )
  }

  /** By what messages are published by hand, while there is a connection; and why there is none. */
  get publisher(): MqttDelivery | undefined {
    return this.#link.connected ? this.delivery : undefined
  }
  get reason(): string {
    return this.#link.reason
  }

  /** Goes to the broker, listening to these filters on its own topics; null stays away. */
  use(link: BrokerLink | null, reserved: readonly string[]): void {
    this.#largest = link?.largestPacket ?? Number.POSITIVE_INFINITY
    this.#mostLevels = link?.mostLevels ?? Number.POSITIVE_INFINITY
    this.#link.listenTo(reserved)
    this.#link.use(link)
  }

  wake(): void {
    this.#link.wake()
  }

  /** The way to the disk has got on. */
  progress(): void {
    this.#intake.progress()
  }

  async close(): Promise<void> {
    await this.#link.close()
    this.sender.close()
  }
}
