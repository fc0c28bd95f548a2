import type { Payload } from './targets.ts'

/** What one chunk of packets may hold before it goes to the socket. */
const chunkBytes = 64 * 1024

/**
 * PUBLISH packets of QoS 0 written one behind the other into chunks (MQTT 3.1.1, section 3.3), so that a burst of small messages becomes
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

  /** Adds a packet; false when the socket wants no more for now. */
  add(topic: Uint8Array, payload: Payload, bytes: number, retain: boolean): boolean {
    const remaining = 2 + topic.length + bytes
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
