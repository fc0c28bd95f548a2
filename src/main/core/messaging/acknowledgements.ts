import type { IPublishPacket, MqttClient } from 'mqtt'

/**
 * The acknowledgements of one connection, given when the router says so. mqtt.js is shown each message of QoS 1 as one of QoS 0, so that
 * it neither acknowledges nor waits; the packet of the acknowledgement is written here (section 3.4 of MQTT 3.1.1, and of 5, whose shortest form it is). Those of a connection
 * that is lost are forgotten: the broker sends the message again.
 */
export class Acknowledgements {
  readonly #client: MqttClient
  readonly #taken = new WeakSet<object>()
  #due: number[] = []

  constructor(client: MqttClient) {
    this.#client = client
  }

  takeOver(packet: IPublishPacket): void {
    if (packet.qos !== 1) return
    this.#taken.add(packet)
    packet.qos = 0
  }

  /** How to acknowledge a message; null when nobody waits for that. Gives the message back the QoS that it came with. */
  of(packet: IPublishPacket): ((isKept: boolean) => void) | null {
    const { messageId } = packet
    if (!this.#taken.delete(packet) || messageId === undefined) return null
    packet.qos = 1
    return (isKept) => {
      if (isKept) this.#give(messageId)
      else this.#client.stream.destroy()
    }
  }

  #give(messageId: number): void {
    if (this.#due.push(messageId) > 1) return
    queueMicrotask(() => {
      const due = this.#due
      this.#due = []
      const packets = Buffer.allocUnsafe(4 * due.length)
      for (const [index, id] of due.entries()) packets.writeUInt32BE(0x40_02_00_00 + id, 4 * index)
      if (this.#client.stream.writable) this.#client.stream.write(packets)
    })
  }
}
