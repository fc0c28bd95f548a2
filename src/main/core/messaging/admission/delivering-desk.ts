import type { MessagePort } from 'node:worker_threads'
import { type PackedMessages, unpack } from './packed-messages.ts'
import type { Passed } from './passing-line.ts'

/** Publishes a message of QoS 0 in the name of a client; `done` when it has gone to its subscribers. */
export type Publish = (client: string, topic: string, payload: Buffer, done: () => void) => void

/** The broker's end of the way by which the router publishes messages of QoS 0. Says of each pack when it has gone to the subscribers. */
export class DeliveringDesk implements Disposable {
  readonly #publish: Publish
  #port: MessagePort | undefined

  constructor(publish: Publish) {
    this.#publish = publish
  }

  /** Goes on with another router. */
  attach(port: MessagePort): void {
    this.#leave()
    this.#port = port
    port.on('message', (packed: PackedMessages) => this.#take(port, packed))
    port.on('close', () => {
      if (this.#port === port) this.#port = undefined
    })
  }

  [Symbol.dispose](): void {
    this.#leave()
  }

  #take(port: MessagePort, packed: PackedMessages): void {
    const passed: Passed = { messages: packed.topics.length, bytes: packed.ends.at(-1) ?? 0 }
    let left = passed.messages
    const done = () => {
      if (--left === 0 && this.#port === port) port.postMessage(passed)
    }
    unpack(packed, (topic, payload, client) => this.#publish(client, topic, payload, done))
  }

  #leave(): void {
    this.#port?.removeAllListeners()
    this.#port?.close()
    this.#port = undefined
  }
}
