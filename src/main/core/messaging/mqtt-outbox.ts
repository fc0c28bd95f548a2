import type { MqttClient } from 'mqtt'
import { Fifo } from './fifo.ts'
import type { IncomingMessage } from './incoming-message.ts'
import type { TargetLedger } from './ledger.ts'
import { PacketChunk } from './publish-packet.ts'
import { bytesOf, kept, type Offered, type Payload, type Target } from './targets.ts'

/** What one target may hold while the broker is away or slow. */
export const queueMessages = 10_000
export const queueBytes = 16 * 1024 * 1024

/** QoS 1 messages of one target that the broker has not acknowledged yet. */
const window = 100

interface Queued {
  readonly payload: Payload
  readonly bytes: number
}

/**
 * Sends what routes publish. Messages are gathered while a burst is routed and written together; QoS 1 waits for the acknowledgement, and
 * what a lost connection left unacknowledged is sent again on the next one.
 */
export class MqttOutbox {
  readonly #targets = new Set<MqttTarget>()
  #ready = new Set<MqttTarget>()
  #client: MqttClient | undefined
  #chunk: PacketChunk | undefined
  #scheduled: NodeJS.Immediate | undefined

  /** A target for one topic. */
  target(to: { readonly topic: string; readonly qos: 0 | 1; readonly retain: boolean }, ledger: TargetLedger): Target {
    const target = new MqttTarget(to, ledger, {
      wake: () => this.#wake(target),
      forget: () => this.#targets.delete(target),
      connected: () => this.#client !== undefined,
    })
    this.#targets.add(target)
    return target
  }

  opened(client: MqttClient): void {
    this.#client = client
    this.#chunk = new PacketChunk((chunk) => client.stream.write(chunk))
    for (const target of this.#targets) this.#wake(target)
  }

  closed(): void {
    this.#client = undefined
    this.#chunk = undefined
    this.#ready.clear()
    for (const target of this.#targets) target.disconnected()
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

  /** Lets every target send in turn until the socket is full; the rest goes on when it has drained. */
  #flush(): void {
    const client = this.#client
    const chunk = this.#chunk
    if (!client || !chunk) return
    const ready = this.#ready
    this.#ready = new Set()
    let open = !client.stream.writableNeedDrain
    for (const target of ready) {
      if (open) open = target.send(client, chunk)
      if (!open) this.#ready.add(target)
    }
    chunk.flush()
    if (this.#ready.size > 0 && !client.stream.writableNeedDrain) this.#schedule()
  }
}

interface OutboxHooks {
  wake(): void
  forget(): void
  connected(): boolean
}

/** One topic that a route publishes to, with its queue. */
class MqttTarget implements Target {
  readonly #to: { readonly topic: string; readonly qos: 0 | 1; readonly retain: boolean }
  readonly #topic: Uint8Array
  readonly #ledger: TargetLedger
  readonly #outbox: OutboxHooks
  readonly #queue = new Fifo<Queued>()
  #bytes = 0
  /** Sent on this connection and not acknowledged, in order. Replaced when the connection is lost. */
  #inFlight = new Set<Queued>()
  #retired = false

  constructor(
    to: { readonly topic: string; readonly qos: 0 | 1; readonly retain: boolean },
    ledger: TargetLedger,
    outbox: OutboxHooks,
  ) {
    this.#to = to
    this.#topic = Buffer.from(to.topic)
    this.#ledger = ledger
    this.#outbox = outbox
  }

  offer(_message: IncomingMessage, payload: Payload): Offered {
    const bytes = bytesOf(payload)
    // While the broker is there the queue empties within the turn; only what really waits is worth a copy.
    const waits = this.#queue.length > 256 || !this.#outbox.connected()
    this.#queue.push({ payload: waits ? kept(payload) : payload, bytes })
    this.#bytes += bytes
    this.#ledger.enqueue()
    while (this.#queue.length > queueMessages || (this.#bytes > queueBytes && this.#queue.length > 1))
      this.#dropOldest()
    this.#outbox.wake()
    return 'queued'
  }

  retire(): void {
    this.#retired = true
    this.#forgetWhenEmpty()
  }

  /** Sends as much as may go; false when the socket wants no more. */
  send(client: MqttClient, chunk: PacketChunk): boolean {
    const goesOn = this.#to.qos === 0 ? this.#sendUnconfirmed(chunk) : this.#sendConfirmed(client)
    this.#forgetWhenEmpty()
    return goesOn
  }

  disconnected(): void {
    const unconfirmed = [...this.#inFlight]
    this.#inFlight = new Set()
    this.#queue.unshift(unconfirmed)
    for (const { bytes } of unconfirmed) this.#bytes += bytes
  }

  #sendUnconfirmed(chunk: PacketChunk): boolean {
    let sent = 0
    let goesOn = true
    while (goesOn) {
      const next = this.#take()
      if (!next) break
      goesOn = chunk.add(this.#topic, next.payload, next.bytes, this.#to.retain)
      sent++
    }
    if (sent > 0) this.#ledger.settle(sent)
    return goesOn
  }

  #sendConfirmed(client: MqttClient): boolean {
    const inFlight = this.#inFlight
    const { topic, retain } = this.#to
    while (inFlight.size < window) {
      const next = this.#take()
      if (!next) break
      inFlight.add(next)
      const payload = typeof next.payload === 'string' ? next.payload : Buffer.from(next.payload)
      client.publish(topic, payload, { qos: 1, retain }, (error) => {
        // After a lost connection the message is back in the queue, and this answer means nothing any more.
        if (inFlight !== this.#inFlight || error) return
        inFlight.delete(next)
        this.#ledger.settle(1)
        if (this.#queue.length > 0) this.#outbox.wake()
        else this.#forgetWhenEmpty()
      })
    }
    return !client.stream.writableNeedDrain
  }

  #take(): Queued | undefined {
    const next = this.#queue.shift()
    if (next) this.#bytes -= next.bytes
    return next
  }

  #dropOldest(): void {
    if (this.#take()) this.#ledger.abandon(1, `the queue to ${this.#to.topic} was full`)
  }

  #forgetWhenEmpty(): void {
    if (this.#retired && this.#queue.length === 0 && this.#inFlight.size === 0) this.#outbox.forget()
  }
}
