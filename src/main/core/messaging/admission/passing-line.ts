import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '#core/platform/index.ts'
import { Fifo } from '../fifo.ts'
import { MessagePack } from './packed-messages.ts'

/** Messages in one hand-over, and bytes of their payloads beyond which it takes no more: as much as one reading of a socket brings. */
const mostInPack = 500
const bytesInPack = 64 * 1024

/** Messages that are with the data plane at a time, and bytes of their payloads; one more hand-over is gathered beside them. */
const mostWith = 2_000
const bytesWith = 4 * 1024 * 1024

/** How long a publisher is held back while the data plane takes nothing; from then on messages go past it until it takes some again. */
export const patienceMs = 2_000

/** What the data plane says when it has taken a hand-over. */
export interface Passed {
  readonly messages: number
  readonly bytes: number
}

export interface PassingLineParts {
  /** Messages that the router does not get, as it is away or takes none. */
  readonly onMissed: (messages: number) => void
  readonly clock: Clock
}

interface Waiting {
  readonly client: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly done: () => void
}

/**
 * The broker's end of the way to the data plane for messages of QoS 0, which nobody acknowledges. While the data plane is behind, publishers
 * are held back, as a full socket would; while it is away, or takes nothing, messages go past it: the broker serves its other clients.
 */
export class PassingLine implements Disposable {
  readonly #parts: PassingLineParts
  readonly #pack = new MessagePack()
  readonly #waiting = new Fifo<Waiting>()
  #port: MessagePort | undefined
  /** With the data plane, not taken yet. */
  #messages = 0
  #bytes = 0
  #scheduled: NodeJS.Immediate | undefined
  #patience: Disposable | undefined
  #givenUp = false

  constructor(parts: PassingLineParts) {
    this.#parts = parts
  }

  /** Messages that hold their publishers back. */
  get depth(): number {
    return this.#waiting.length
  }

  /** Hands a message on that the router itself published. It is not held back: the router may be waiting for just that. */
  passOwn(client: string, topic: string, payload: string | Uint8Array): void {
    if (this.#port) this.#add(client, topic, payload)
    else this.#parts.onMissed(1)
  }

  /** Hands a message on, and calls `done` when its publisher may send more: at once where there is room. */
  pass(client: string, topic: string, payload: string | Uint8Array, done: () => void): void {
    if (this.#waiting.length === 0 && this.#hasRoom) {
      this.#add(client, topic, payload)
      done()
      return
    }
    if (this.#givenUp || !this.#port) {
      this.#parts.onMissed(1)
      done()
      return
    }
    this.#waiting.push({ client, topic, payload, done })
    this.#wait()
  }

  /** Goes on with another data plane. What was with the last one is not sent again. */
  attach(port: MessagePort): void {
    this.#leave()
    this.#port = port
    this.#messages = 0
    this.#bytes = 0
    port.on('message', (passed: Passed) => this.#taken(passed))
    port.on('close', () => {
      if (this.#port !== port) return
      this.#port = undefined
      this.#giveUp()
    })
    this.#givenUp = false
    this.#goOn()
    if (this.#waiting.length === 0) this.#waitNoLonger()
  }

  /** Forgets what waits: nobody routes. */
  letGo(): void {
    this.#pack.take()
    this.#waitNoLonger()
    while (this.#letOneGo()) {}
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#scheduled)
    this.#leave()
    this.letGo()
  }

  get #hasRoom(): boolean {
    return this.#pack.length < mostInPack && this.#pack.bytes < bytesInPack
  }

  #add(client: string, topic: string, payload: string | Uint8Array): void {
    this.#pack.add(client, topic, payload)
    if (!this.#hasRoom) this.#send()
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      // While the data plane has something to do, what comes gathers until it is done with that: fewer and larger hand-overs.
      if (this.#messages === 0) this.#send()
    })
  }

  #send(): void {
    if (!this.#port || this.#pack.length === 0 || this.#messages >= mostWith || this.#bytes >= bytesWith) return
    this.#messages += this.#pack.length
    this.#bytes += this.#pack.bytes
    const packed = this.#pack.take()
    this.#port.postMessage(packed, [packed.payloads.buffer])
  }

  #taken({ messages, bytes }: Passed): void {
    this.#messages -= messages
    this.#bytes -= bytes
    this.#givenUp = false
    this.#waitNoLonger()
    this.#goOn()
    if (this.#waiting.length > 0) this.#wait()
  }

  #goOn(): void {
    this.#send()
    while (this.#hasRoom) {
      const next = this.#waiting.shift()
      if (!next) break
      this.#add(next.client, next.topic, next.payload)
      next.done()
    }
  }

  #wait(): void {
    this.#patience ??= this.#parts.clock.after(patienceMs, () => this.#giveUp())
  }

  #waitNoLonger(): void {
    this.#patience?.[Symbol.dispose]()
    this.#patience = undefined
  }

  /** Nothing is taken: what waits goes past the router. */
  #giveUp(): void {
    this.#waitNoLonger()
    this.#givenUp = true
    if (this.#waiting.length > 0) this.#parts.onMissed(this.#waiting.length)
    while (this.#letOneGo()) {}
  }

  #letOneGo(): boolean {
    const next = this.#waiting.shift()
    next?.done()
    return next !== undefined
  }

  #leave(): void {
    this.#port?.removeAllListeners()
    this.#port?.close()
    this.#port = undefined
  }
}
