import type { PublishProperties } from './message-properties.ts'
import type { Payload } from './targets.ts'

/** What one chunk of packets may hold before it goes to the socket. */
const chunkBytes = 64 * 1024

/**
 * PUBLISH packets of QoS 0 written one behind the other into chunks (section 3.3 of MQTT 3.1.1 and 5), so that a burst of small messages becomes
 * a few large writes to the socket.
 */
export class PacketChunk {
  readonly #write: (chunk: Uint8Array) => boolean
  #chunk = Buffer.alloc(0)
  #used = 0

  /** `write` takes a finished chunk and says whether it wants more at once. */
  constructor(write: (chunk: Uint8Array) => boolean) {
    this.#write = write
  }

  /** Adds a packet with {@link encodedProperties}, of MQTT 3.1.1 with none; false when the socket wants no more for now. */
  add(topic: Uint8Array, payload: Payload, bytes: number, retain: boolean, properties: Uint8Array): boolean {
    const remaining = 2 + topic.length + properties.length + bytes
    const needed = 5 + remaining
    let goesOn = true
    if (this.#chunk.length - this.#used < needed) {
      goesOn = this.flush()
      this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, needed))
    }
    const chunk = this.#chunk
    let at = this.#used
    chunk[at++] = retain ? 0x31 : 0x30
    let left = remaining
    do {
      const digit = left % 128
      left = Math.floor(left / 128)
      chunk[at++] = left > 0 ? digit + 128 : digit
    } while (left > 0)
    at = chunk.writeUInt16BE(topic.length, at)
    chunk.set(topic, at)
    at += topic.length
    if (properties.length > 0) {
      chunk.set(properties, at)
      at += properties.length
    }
    if (typeof payload === 'string') chunk.write(payload, at)
    else chunk.set(payload, at)
    this.#used = at + bytes
    return goesOn
  }

  /** Hands over what was added; false when the socket wants no more for now. */
  flush(): boolean {
    if (this.#used === 0) return true
    const done = this.#chunk.subarray(0, this.#used)
    // The socket keeps the chunk until it is written, so a new one takes the rest.
    this.#chunk = Buffer.alloc(0)
    this.#used = 0
    return this.#write(done)
  }
}

/** Bytes of a packet besides its topic, its properties and its payload. */
export const packetOverhead = 9

/** The properties of a PUBLISH packet with their length before them (MQTT 5, section 3.3.2.3). */
export function encodedProperties(properties: PublishProperties): Uint8Array {
  const { contentType, responseTopic, correlationData, userProperties = {} } = properties
  const parts: Buffer[] = []
  if (properties.payloadFormatIndicator) parts.push(Buffer.from([0x01, 1]))
  if (properties.messageExpiryInterval !== undefined) {
    const seconds = Buffer.from([0x02, 0, 0, 0, 0])
    seconds.writeUInt32BE(properties.messageExpiryInterval, 1)
    parts.push(seconds)
  }
  if (contentType !== undefined) parts.push(Buffer.from([0x03]), lengthAnd(contentType))
  if (responseTopic !== undefined) parts.push(Buffer.from([0x08]), lengthAnd(responseTopic))
  if (correlationData !== undefined) parts.push(Buffer.from([0x09]), lengthAnd(correlationData))
  for (const [name, values] of Object.entries(userProperties)) {
    for (const value of typeof values === 'string' ? [values] : values) {
      parts.push(Buffer.from([0x26]), lengthAnd(name), lengthAnd(value))
    }
  }
  const all = Buffer.concat(parts)
  return Buffer.concat([variableLength(all.length), all])
}

function lengthAnd(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A variable byte integer (MQTT 5, section 1.5.5). */
function variableLength(value: number): Buffer {
  const digits: number[] = []
  let left = value
  do {
    const digit = left % 128
    left = Math.floor(left / 128)
    digits.push(left > 0 ? digit + 128 : digit)
  } while (left > 0)
  return Buffer.from(digits)
}
