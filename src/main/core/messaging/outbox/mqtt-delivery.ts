import type { MqttClient } from 'mqtt'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import type { OutboxRow } from './outbox-rows.ts'

/** QoS 1 messages that the broker has not acknowledged, unless it asks for fewer. */
const mostInFlight = 250

/** Connections in a row that ended before anything was acknowledged, from which on messages go one at a time. */
const suspectAfter = 2

interface Sent {
  readonly row: OutboxRow
  readonly done: (failure: DeliveryFailure | null) => void
}

/**
 * Delivers to the broker that the router is connected to: QoS 1, as many at a time as the broker takes. When connection after
 * connection ends before anything is acknowledged, one message goes at a time: the one that makes the broker hang up is refused in the
 * end, and does not stand in the way of all others for ever.
 */
export class MqttDelivery implements Delivery {
  #client: MqttClient | undefined
  #inFlight = new Set<Sent>()
  #most = mostInFlight
  #window = mostInFlight
  #acknowledged = false
  #vain = 0

  opened(client: MqttClient, receiveMaximum: number = mostInFlight): void {
    this.#client = client
    this.#acknowledged = false
    this.#most = Math.max(1, Math.min(mostInFlight, receiveMaximum))
    this.#window = this.#vain >= suspectAfter ? 1 : this.#most
  }

  /** What was not acknowledged goes again. */
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
  }

  room(): number {
    const client = this.#client
    if (!client || client.stream.writableNeedDrain) return 0
    return this.#window - this.#inFlight.size
  }

  deliver(row: OutboxRow, address: string, done: (failure: DeliveryFailure | null) => void): void {
    const client = this.#client
    if (!client) {
      done({ reason: 'there is no connection to the broker', permanent: false })
      return
    }
    const sent: Sent = { row, done }
    const inFlight = this.#inFlight.add(sent)
    const payload = typeof row.payload === 'string' ? row.payload : Buffer.from(row.payload)
    const properties = client.options.protocolVersion === 5 ? { properties: this.#properties(row) } : {}
    client.publish(address, payload, { qos: 1, retain: row.retain, ...properties }, (error) => {
      // After a lost connection it has been answered for already.
      if (inFlight !== this.#inFlight || !inFlight.delete(sent)) return
      if (error && !('code' in error && typeof error.code === 'number')) {
        done({ reason: `it could not be sent: ${error.message}`, permanent: false })
        return
      }
      this.#acknowledged = true
      this.#vain = 0
      this.#window = this.#most
      done(error ? { reason: `the broker refused it: ${error.message}`, permanent: true } : null)
    })
  }

  /** What MQTT 5 carries besides: the same id at every attempt, and how long the message is still wanted. Seconds. */
  #properties({ id, expiresAt }: OutboxRow) {
    const left = expiresAt === null ? null : Math.max(1, Math.ceil((expiresAt - Date.now()) / 1_000))
    return { userProperties: { 'message-id': id }, ...(left === null ? {} : { messageExpiryInterval: left }) }
  }
}
