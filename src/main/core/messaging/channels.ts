import { Fifo } from './fifo.ts'
import type { IncomingMessage } from './incoming-message.ts'
import type { TargetLedger } from './ledger.ts'
import type { ChannelMessage } from './protocol.ts'
import { textOf } from './tap-ring.ts'
import { bytesOf, kept, type Offered, type Payload, type Target } from './targets.ts'

/** Messages that a channel remembers, and the most payload bytes among them. */
const channelMessages = 100
const channelBytes = 4 * 1024 * 1024

interface Held {
  readonly at: number
  readonly route: string
  readonly topic: string
  readonly payload: Payload
  readonly bytes: number
}

/** A named place in the console that routes deliver to. It remembers its newest messages for whoever comes to read them. */
export class Channel {
  readonly #held = new Fifo<Held>()
  #bytes = 0

  put(at: number, route: string, topic: string, payload: Payload): void {
    const bytes = bytesOf(payload)
    this.#held.push({ at, route, topic, payload, bytes })
    this.#bytes += bytes
    while (this.#held.length > channelMessages || (this.#bytes > channelBytes && this.#held.length > 1)) {
      this.#bytes -= this.#held.shift()?.bytes ?? 0
    }
  }

  /** What it remembers, oldest first. */
  read(): readonly ChannelMessage[] {
    return this.#held.values().map(({ at, route, topic, payload }) => {
      const { text, encoding } = textOf(typeof payload === 'string' ? Buffer.from(payload) : payload)
      return { at, route, topic, payload: text, encoding }
    })
  }
}

/** The channels by name. They outlive a change of routes. */
export class Channels {
  readonly #channels = new Map<string, Channel>()

  get(name: string): Channel {
    let channel = this.#channels.get(name)
    if (!channel) {
      channel = new Channel()
      this.#channels.set(name, channel)
    }
    return channel
  }

  read(name: string): readonly ChannelMessage[] {
    return this.#channels.get(name)?.read() ?? []
  }
}

/** A channel as a target: delivered at once. */
export class ChannelTarget implements Target {
  readonly #route: string
  readonly #ledger: TargetLedger
  readonly #channel: Channel

  constructor(route: string, ledger: TargetLedger, channel: Channel) {
    this.#route = route
    this.#ledger = ledger
    this.#channel = channel
  }

  offer(message: IncomingMessage, payload: Payload): Offered {
    this.#channel.put(message.at, this.#route, message.topicName, kept(payload))
    this.#ledger.deliver()
    return 'delivered'
  }

  retire(): void {}
}
