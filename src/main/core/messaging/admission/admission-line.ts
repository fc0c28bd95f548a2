import type { MessagePort } from 'node:worker_threads'
import { Fifo } from '../fifo.ts'
import type { Admissions, Admitted } from '../protocol.ts'
import { MessagePack } from './packed-messages.ts'

/** Messages that are with the data plane at a time, and their bytes. */
const mostWith = 2_000
const mostBytesWith = 16 * 1024 * 1024

/** How long a publisher is kept waiting before it is let go; it keeps its message and sends it again. */
export const longestWaitMs = 60_000

interface Asked {
  readonly client: string
  readonly topic: string
  readonly qos: 1 | 2
  readonly payload: Uint8Array
  readonly since: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  isOver: boolean
}

/**
 * The broker's end of the way to the data plane: messages that may be acknowledged only once they are safe there. What was not answered
 * when the data plane died is handed to the next one again. Messages are numbered from 1 on; answers name the last one that is safe.
 */
export class AdmissionLine implements Disposable {
  readonly #clock: () => number
  readonly #with = new Fifo<Asked>()
  readonly #waiting = new Fifo<Asked>()
  #port: MessagePort | undefined
  /** Number of the first of those that are with the data plane. */
  #first = 1
  #bytesWith = 0
  #scheduled: NodeJS.Immediate | undefined
  #looking: NodeJS.Timeout | undefined

  /** `clock` gives monotonic milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  /** Messages that wait for their acknowledgement. */
  get depth(): number {
    return this.#with.length + this.#waiting.length
  }

  /** Resolves when the message is safe; rejects when that took too long, or when the broker ends. */
  admit(client: string, topic: string, payload: string | Uint8Array, qos: 1 | 2): Promise<void> {
    return new Promise((resolve, reject) => {
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
      this.#waiting.push({ client, topic, qos, payload: bytes, since: this.#clock(), resolve, reject, isOver: false })
      this.#schedule()
      this.#looking ??= setInterval(() => this.giveUpLate(), 1_000)
    })
  }

  /** Goes on with another data plane: what the last one did not answer first. */
  attach(port: MessagePort): void {
    this.#port?.removeAllListeners()
    this.#port?.close()
    this.#port = port
    port.on('message', (admitted: Admitted) => this.#answered(admitted))
    port.on('close', () => {
      if (this.#port === port) this.#port = undefined
    })
    this.#waiting.unshift(this.#with.values())
    while (this.#with.shift()) this.#first++
    this.#bytesWith = 0
    this.#schedule()
  }

  /** Lets everything go that waits: nobody has to be asked any more. */
  letGo(): void {
    for (const asked of [...this.#with.values(), ...this.#waiting.values()]) if (!asked.isOver) asked.resolve()
    while (this.#with.shift()) this.#first++
    while (this.#waiting.shift()) {}
    this.#bytesWith = 0
  }

  /** Refuses those that waited for too long. */
  giveUpLate(): void {
    const now = this.#clock()
    for (const asked of [...this.#with.values(), ...this.#waiting.values()]) {
      if (asked.isOver || now - asked.since < longestWaitMs) continue
      asked.isOver = true
      asked.reject(
        new Error(
          `its message to ${asked.topic} could not be made safe within ${longestWaitMs / 1_000} s; it keeps it`,
        ),
      )
    }
    if (this.depth > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#scheduled)
    clearInterval(this.#looking)
    this.#port?.removeAllListeners()
    this.#port?.close()
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#send()
    })
  }

  #send(): void {
    const port = this.#port
    if (!port) return
    const next: Asked[] = []
    let bytes = 0
    while (this.#with.length + next.length < mostWith && this.#bytesWith + bytes < mostBytesWith) {
      const asked = this.#waiting.shift()
      if (!asked) break
      // Its publisher was let go, and has it still.
      if (asked.isOver) continue
      next.push(asked)
      bytes += asked.payload.length
    }
    if (next.length === 0) return
    const admissions = packed(this.#first + this.#with.length, next)
    for (const asked of next) this.#with.push(asked)
    this.#bytesWith += bytes
    port.postMessage(admissions, [admissions.messages.payloads.buffer])
  }

  #answered({ through, refused }: Admitted): void {
    while (this.#first <= through) {
      const asked = this.#with.shift()
      if (!asked) break
      const number = this.#first++
      this.#bytesWith -= asked.payload.length
      if (asked.isOver) continue
      if (refused.includes(number)) asked.reject(new Error(`the store refuses its message to ${asked.topic}`))
      else asked.resolve()
    }
    if (this.#waiting.length > 0) this.#schedule()
  }
}

function packed(first: number, asked: readonly Asked[]): Admissions {
  const pack = new MessagePack()
  for (const { client, topic, payload } of asked) pack.add(client, topic, payload)
  return { first, qos: asked.map(({ qos }) => qos), messages: pack.take() }
}
