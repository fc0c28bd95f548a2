import type { IClientPublishOptions, MqttClient } from 'mqtt'
import { Fifo } from '../fifo.ts'
import { bytesOfProperties, type PublishProperties, publishProperties } from '../message-properties.ts'
import { encodedProperties, packetOverhead } from '../publish-packet.ts'
import { type BrokerBounds, noBounds, targetTopic, tooDeep, tooLong } from '../target-topic.ts'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import type { OutboxRow } from './outbox-rows.ts'
import { refusalOf } from './refusals.ts'

/** Messages of QoS 1 and 2 that the broker has not acknowledged, unless it asks for fewer. */
const mostInFlight = 250

/** Connections in a row that ended before anything was acknowledged, from which on messages go one at a time. */
const suspectAfter = 2

/** What the user properties that consoles give may add to a packet, in bytes. */
const ownProperties = 128

interface Sent {
  readonly row: OutboxRow
  readonly done: (failure: DeliveryFailure | null) => void
}

/** A message that somebody at the console publishes, apart from any route. */
interface Asked {
  readonly topic: string
  readonly payload: string | Buffer
  readonly options: IClientPublishOptions
  readonly done: (error: string | null) => void
}

/**
 * Delivers to the broker that the router is connected to: QoS 1, as many at a time as the broker takes (Receive Maximum of MQTT 5). When
 * connection after connection ends before anything is acknowledged, one message goes at a time: the one that makes the broker hang up
 * is refused in the end, and does not stand in the way of all others for ever.
 */
export class MqttDelivery implements Delivery {
  readonly #now: () => number
  readonly #onRoom: () => void
  #client: MqttClient | undefined
  #inFlight = new Set<Sent>()
  /** Of those that no route sends: under way, and waiting for room. */
  #others = new Set<Asked>()
  readonly #asked = new Fifo<Asked>()
  #largest = Number.POSITIVE_INFINITY
  #mostLevels = Number.POSITIVE_INFINITY
  #most = mostInFlight
  #window = mostInFlight
  #acknowledged = false
  #vain = 0

  /** `onRoom` is told when there may be room again although nothing of the outbox was answered. `now` gives wall-clock milliseconds. */
  constructor(onRoom: () => void = () => {}, now: () => number = Date.now) {
    this.#onRoom = onRoom
    this.#now = now
  }

  opened(client: MqttClient, { largest, mostLevels }: BrokerBounds = noBounds): void {
    this.#client = client
    this.#largest = Math.min(largest, client.serverProperties?.maximumPacketSize ?? largest)
    this.#mostLevels = mostLevels
    this.#acknowledged = false
    this.#most = Math.max(1, Math.min(mostInFlight, client.serverProperties?.receiveMaximum ?? mostInFlight))
    this.#window = this.#vain >= suspectAfter ? 1 : this.#most
  }

  /** What was not acknowledged goes again, apart from what somebody waits for, who is told. */
  closed(): void {
    const lost = [...this.#inFlight]
    const wasAlone = this.#vain >= suspectAfter && lost.length === 1
    this.#client = undefined
    this.#inFlight = new Set()
    if (this.#acknowledged) this.#vain = 0
    else if (lost.length > 0) this.#vain++
    for (const { done } of lost) {
      done({ reason: 'the connection to the broker was lost before it was acknowledged', permanent: wasAlone })
    }
    const others = [...this.#others, ...this.#asked.values()]
    this.#others = new Set()
    while (this.#asked.shift()) {}
    for (const { done } of others) done('the connection to the broker was lost')
  }

  room(): number {
    const client = this.#client
    if (!client || client.stream.writableNeedDrain) return 0
    return this.#window - this.#inFlight.size - this.#others.size
  }

  deliver(row: OutboxRow, address: string, done: (failure: DeliveryFailure | null) => void): void {
    const client = this.#client
    if (!client) {
      done({ reason: 'there is no connection to the broker', permanent: false })
      return
    }
    const topic = targetTopic(address, row.topic)
    const isFive = client.options.protocolVersion === 5
    const properties = isFive ? { properties: publishProperties(row.properties, row, this.#now()) } : {}
    const unfit = tooDeep(topic, this.#mostLevels) ?? unfitFor(client, row, topic, properties.properties, this.#largest)
    if (unfit !== null) {
      // Later, as an answer would come: whoever gives it is in the middle of giving more.
      setImmediate(() => done({ reason: unfit, permanent: true }))
      return
    }
    const sent: Sent = { row, done }
    const inFlight = this.#inFlight.add(sent)
    const payload = typeof row.payload === 'string' ? row.payload : Buffer.from(row.payload)
    client.publish(topic, payload, { qos: 1, retain: row.retain, ...properties }, (error, packet) => {
      // After a lost connection it has been answered for already.
      if (inFlight !== this.#inFlight || !inFlight.delete(sent)) return
      if (error && !('code' in error && typeof error.code === 'number')) {
        done({ reason: `it could not be sent: ${error.message}`, permanent: false })
        return
      }
      this.#acknowledged = true
      this.#vain = 0
      this.#window = this.#most
      this.#sendAsked()
      done(error && 'code' in error ? refusalOf(Number(error.code), saidIn(packet)) : null)
    })
  }

  /** Publishes what somebody at the console sends; `done` with why when the broker has not confirmed it. Waits for room like all others. */
  publish(
    topic: string,
    payload: string | Buffer,
    options: IClientPublishOptions,
    done: (error: string | null) => void,
  ): void {
    const client = this.#client
    if (!client) {
      done('there is no connection to the broker')
      return
    }
    const unfit = tooLong(Buffer.byteLength(topic)) ?? tooDeep(topic, this.#mostLevels)
    if (unfit !== null) {
      done(unfit)
      return
    }
    if ((options.qos ?? 0) === 0) {
      client.publish(topic, payload, options, (error) => done(error ? error.message : null))
      return
    }
    this.#asked.push({ topic, payload, options, done })
    this.#sendAsked()
  }

  #sendAsked(): void {
    const client = this.#client
    while (client && this.#inFlight.size + this.#others.size < this.#most) {
      const asked = this.#asked.shift()
      if (!asked) return
      const others = this.#others.add(asked)
      client.publish(asked.topic, asked.payload, asked.options, (error, packet) => {
        if (others !== this.#others || !others.delete(asked)) return
        const isRefused = error && 'code' in error && typeof error.code === 'number'
        if (isRefused) asked.done(refusalOf(Number(error.code), saidIn(packet)).reason)
        else asked.done(error ? error.message : null)
        this.#sendAsked()
        this.#onRoom()
      })
    }
  }
}

/** Why a broker cannot be given a message at all; null when it can. What it said when it let the router in must be kept to. */
function unfitFor(
  { serverProperties }: MqttClient,
  row: OutboxRow,
  topic: string,
  properties: PublishProperties | undefined,
  largest: number,
): string | null {
  const length = Buffer.byteLength(topic)
  const unfit = tooLong(length)
  if (unfit !== null) return unfit
  const { retainAvailable, maximumQoS } = serverProperties ?? {}
  if (row.retain && retainAvailable === false) return 'the broker keeps no messages (retain)'
  if (maximumQoS === 0) return 'the broker takes messages of QoS 0 only'
  const least = packetOverhead + length + row.bytes
  // Characters take three bytes at most; only what may be too large is worth being written to be measured.
  if (least + ownProperties + 3 * bytesOfProperties(row.properties) <= largest) return null
  return least + (properties ? encodedProperties(properties).length : 0) > largest
    ? `the broker takes at most ${largest} bytes, and it has ${row.bytes}`
    : null
}

/** What a broker says about its refusal. */
function saidIn(packet: unknown): string | undefined {
  if (typeof packet !== 'object' || packet === null || !('properties' in packet)) return undefined
  const { properties } = packet
  if (typeof properties !== 'object' || properties === null || !('reasonString' in properties)) return undefined
  return typeof properties.reasonString === 'string' ? properties.reasonString : undefined
}
