import type { MessagePort } from 'node:worker_threads'
import { Fifo } from '../fifo.ts'
import { MessagePack, type PackedMessages, unpack } from './packed-messages.ts'
import type { Passed } from './passing-line.ts'

/** Messages in one hand-over, and bytes of their payloads beyond which it takes no more. */
const mostInPack = 500
const bytesInPack = 64 * 1024

/** Messages that are with the broker at a time, and bytes of their payloads: what has not gone to its subscribers yet. */
const mostWith = 2_000
const bytesWith = 4 * 1024 * 1024

export interface DeliveringLineParts {
  /** The id of the router's own client, in whose name they are published. */
  readonly clientId: string
  /** The broker has taken some: there is room again. */
  readonly onRoom: () => void
  /** A message has been published, and comes to the router as one from every other client does. */
  readonly published: (topic: string, payload: Buffer, client: string) => void
}

/**
 * The data plane's end of the way to its own embedded broker, for messages of QoS 0 that routes publish: in packs over a port, which costs
 * the broker's thread a fraction of reading them from a connection. What the broker has not published yet is bounded; more waits in the
 * queues of its targets.
 */
export class DeliveringLine implements Disposable {
  readonly #parts: DeliveringLineParts
  readonly #pack = new MessagePack()
  /** With the broker, oldest first. */
  readonly #with = new Fifo<PackedMessages>()
  #messages = 0
  #bytes = 0
  #port: MessagePort | undefined

  constructor(parts: DeliveringLineParts) {
    this.#parts = parts
  }

  /** Whether there is a broker at its end. */
  get isOpen(): boolean {
    return this.#port !== undefined
  }

  get hasRoom(): boolean {
    return this.#port !== undefined && this.#messages < mostWith && this.#bytes < bytesWith
  }

  /** Goes on with another broker. What was with the last one has gone as far as it came. */
  attach(port: MessagePort): void {
    this.#leave()
    this.#port = port
    port.on('message', (passed: Passed) => this.#taken(passed))
    port.on('close', () => {
      if (this.#port === port) this.#leave()
    })
    this.#parts.onRoom()
  }

  /** Adds a message; false when no more should come for now. To be called while there is room. */
  add(topic: string, payload: string | Uint8Array): boolean {
    this.#pack.add(this.#parts.clientId, topic, payload)
    if (this.#pack.length >= mostInPack || this.#pack.bytes >= bytesInPack) this.flush()
    return this.hasRoom
  }

  /** Hands over what was added. */
  flush(): void {
    if (this.#pack.length === 0 || !this.#port) return
    this.#messages += this.#pack.length
    this.#bytes += this.#pack.bytes
    const packed = this.#pack.take()
    this.#with.push(packed)
    this.#port.postMessage(packed)
  }

  [Symbol.dispose](): void {
    this.#leave()
  }

  #taken({ messages, bytes }: Passed): void {
    this.#messages -= messages
    this.#bytes -= bytes
    const packed = this.#with.shift()
    // Told before more is sent: who listens to what it publishes itself is held to the pace of the broker.
    if (packed) unpack(packed, this.#parts.published)
    this.#parts.onRoom()
  }

  #leave(): void {
    this.#port?.removeAllListeners()
    this.#port?.close()
    this.#port = undefined
    this.#pack.take()
    while (this.#with.shift()) {}
    this.#messages = 0
    this.#bytes = 0
  }
}
