import type { MqttClient } from 'mqtt'
import type { DeliveringLine } from './admission/delivering-line.ts'
import { Fifo } from './fifo.ts'
import type { IncomingMessage } from './incoming-message.ts'
import type { TargetLedger } from './ledger.ts'
import { bytesOfProperties, type MessageProperties, publishProperties } from './message-properties.ts'
import { encodedProperties, PacketChunk, packetOverhead } from './publish-packet.ts'
import { type BrokerBounds, keepsTopic, targetTopic, tooDeep, tooLong } from './target-topic.ts'
import { bytesOf, kept, type Offered, type Payload, type Target } from './targets.ts'

/** What one target may hold while the broker is away or slow. */
export const queueMessages = 10_000
export const queueBytes = 16 * 1024 * 1024

/** Where a QoS 0 target publishes to. */
export interface MqttAddress {
  readonly topic: string
  readonly retain: boolean
}

interface Queued {
  readonly topic: string
  readonly payload: Payload
  readonly bytes: number
  readonly properties: MessageProperties | null
}

/** What every packet of a connection goes out with, and which ones its broker does not take. */
interface PacketTerms extends BrokerBounds {
  readonly isFive: boolean
  readonly retains: boolean
}

/** Where messages go while there is a connection. */
interface WayOut {
  readonly chunk: PacketChunk
  /** What is not retained goes by it; null: by the connection like all others. */
  readonly delivering: DeliveringLine | null
  readonly terms: PacketTerms
}

const noProperties = new Uint8Array(0)
/** Of a message that nobody has passed on before, which most are. */
const firstHop = encodedProperties(publishProperties(null, { id: null, expiresAt: null }, 0))

/**
 * Sends what routes publish with QoS 0: gathered while a burst is routed and written together. What must arrive goes through the outbox
 * instead.
 */
export class MqttSender {
  readonly #targets = new Set<MqttTarget>()
  #ready = new Set<MqttTarget>()
  #client: MqttClient | undefined
  #out: WayOut | undefined
  #scheduled: NodeJS.Immediate | undefined
  readonly #onSent: () => void

  /** `onSent`: queues have become shorter. */
  constructor(onSent: () => void = () => {}) {
    this.#onSent = onSent
  }

  /** A target for one topic. */
  target(to: MqttAddress, ledger: TargetLedger): Target {
    const target = new MqttTarget(to, ledger, {
      wake: () => this.#wake(target),
      forget: () => this.#targets.delete(target),
      connected: () => this.#client !== undefined,
    })
    this.#targets.add(target)
    return target
  }

  /**
   * How full the fullest queue is, 0 to 1, while there is a connection: a broker that brings messages faster than it takes them is read
   * slower. Without a connection 0: then its messages wait and the oldest are dropped, and nobody is held up.
   */
  get fullness(): number {
    if (this.#client === undefined || this.#ready.size === 0) return 0
    let fullest = 0
    for (const target of this.#ready) fullest = Math.max(fullest, target.fullness)
    return fullest
  }

  /** A line that is not open by now is not used before the next connection: nothing overtakes. */
  opened(client: MqttClient, way: BrokerBounds & { readonly delivering: DeliveringLine | null }): void {
    this.#client = client
    this.#out = {
      chunk: new PacketChunk((chunk) => client.stream.write(chunk)),
      delivering: way.delivering?.isOpen ? way.delivering : null,
      terms: termsOf(client, way),
    }
    for (const target of this.#targets) this.#wake(target)
  }

  closed(): void {
    this.#client = undefined
    this.#out = undefined
    this.#ready.clear()
  }

  drained(): void {
    this.#schedule()
  }

  close(): void {
    clearImmediate(this.#scheduled)
  }

  #wake(target: MqttTarget): void {
    this.#ready.add(target)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#client === undefined || this.#scheduled !== undefined) return
    this.#scheduled = setImmediate(() => {
      this.#scheduled = undefined
      this.#flush()
    })
  }

  /**
   * Lets every target send in turn until the socket is full; the rest goes on when it has drained, those first that had no turn: one that
   * always has more would leave the others nothing.
   */
  #flush(): void {
    const client = this.#client
    const out = this.#out
    if (!client || !out) return
    const ready = this.#ready
    this.#ready = new Set()
    const hadTurn: MqttTarget[] = []
    for (const target of ready) {
      const hasTurn = hasRoom(client, out, target)
      if (target.send(out, () => hasRoom(client, out, target))) continue
      if (hasTurn) hadTurn.push(target)
      else this.#ready.add(target)
    }
    for (const target of hadTurn) this.#ready.add(target)
    out.chunk.flush()
    out.delivering?.flush()
    if ([...this.#ready].some((target) => hasRoom(client, out, target))) this.#schedule()
    this.#onSent()
  }
}

/** Whether the way that the messages of a target go takes more. */
function hasRoom(client: MqttClient, { delivering }: WayOut, { retains }: MqttTarget): boolean {
  return delivering === null || retains ? !client.stream.writableNeedDrain : delivering.hasRoom
}

interface SenderHooks {
  wake(): void
  forget(): void
  connected(): boolean
}

/** One topic that a route publishes to, with its queue. */
class MqttTarget implements Target {
  readonly #to: MqttAddress
  /** What it publishes to, as a packet says it; null: each message has a topic of its own. */
  readonly #topic: Uint8Array | null
  readonly #ledger: TargetLedger
  readonly #sender: SenderHooks
  readonly #queue = new Fifo<Queued>()
  #bytes = 0
  #retired = false

  constructor(to: MqttAddress, ledger: TargetLedger, sender: SenderHooks) {
    this.#to = to
    this.#topic = keepsTopic(to.topic) ? null : Buffer.from(to.topic)
    this.#ledger = ledger
    this.#sender = sender
  }

  offer(message: IncomingMessage, payload: Payload): Offered {
    const bytes = bytesOf(payload)
    const properties = message.brought === null ? null : message.goesWith(payload)
    // While the broker is there the queue empties within the turn; only what really waits is worth a copy.
    const waits = this.#queue.length > 256 || !this.#sender.connected()
    const topic = targetTopic(this.#to.topic, message.topicName)
    this.#queue.push({ topic, payload: waits ? kept(payload) : payload, bytes, properties })
    this.#bytes += bytes + bytesOfProperties(properties)
    this.#ledger.enqueue()
    while (this.#queue.length > queueMessages || (this.#bytes > queueBytes && this.#queue.length > 1))
      this.#dropOldest()
    this.#sender.wake()
    return 'queued'
  }

  get fullness(): number {
    return Math.max(this.#queue.length / queueMessages, this.#bytes / queueBytes)
  }

  retire(): void {
    this.#retired = true
    this.#forgetWhenEmpty()
  }

  get retains(): boolean {
    return this.#to.retain
  }

  /** Sends as much as may go; false when something is left. */
  send({ chunk, delivering, terms }: WayOut, hasRoom: () => boolean): boolean {
    const line = this.#to.retain ? null : delivering
    let sent = 0
    let goesOn = hasRoom()
    while (goesOn) {
      const next = this.#take()
      if (!next) break
      if (next.properties !== null && this.#isOver(next.properties)) continue
      const topic = this.#topic ?? Buffer.from(next.topic)
      const unfit = tooLong(topic.length) ?? tooDeep(next.topic, terms.mostLevels)
      if (unfit !== null) {
        this.#ledger.abandon(1, unfit)
        continue
      }
      const properties = terms.isFive ? encoded(next.properties) : noProperties
      const size = packetOverhead + topic.length + properties.length + next.bytes
      if (size > terms.largest || (this.#to.retain && !terms.retains)) {
        const what = size > terms.largest ? `messages of ${size} bytes` : 'messages that it is to keep (retain)'
        this.#ledger.abandon(1, `the broker takes no ${what} for ${this.#to.topic}`)
        continue
      }
      goesOn = line
        ? line.add(next.topic, next.payload)
        : chunk.add(topic, next.payload, next.bytes, this.#to.retain, properties)
      sent++
    }
    if (sent > 0) this.#ledger.settle(sent)
    this.#forgetWhenEmpty()
    return this.#queue.length === 0
  }

  #take(): Queued | undefined {
    const next = this.#queue.shift()
    if (next) this.#bytes -= next.bytes + bytesOfProperties(next.properties)
    return next
  }

  #isOver({ expiresAt }: MessageProperties): boolean {
    if (expiresAt === null || expiresAt > Date.now()) return false
    this.#ledger.expire(1)
    return true
  }

  #dropOldest(): void {
    if (this.#take()) this.#ledger.abandon(1, `the queue to ${this.#to.topic} was full`)
  }

  #forgetWhenEmpty(): void {
    if (this.#retired && this.#queue.length === 0) this.#sender.forget()
  }
}

/** How packets of a connection are written. What the broker does not say, it has no bound for. */
function termsOf({ options, serverProperties }: MqttClient, { largest, mostLevels }: BrokerBounds): PacketTerms {
  return {
    isFive: options.protocolVersion === 5,
    largest: Math.min(largest, serverProperties?.maximumPacketSize ?? largest),
    mostLevels,
    retains: serverProperties?.retainAvailable ?? true,
  }
}

function encoded(properties: MessageProperties | null): Uint8Array {
  if (properties === null) return firstHop
  return encodedProperties(publishProperties(properties, { id: null, expiresAt: properties.expiresAt }, Date.now()))
}
