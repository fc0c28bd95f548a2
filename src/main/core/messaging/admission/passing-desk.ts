import type { MessagePort } from 'node:worker_threads'
import { Intake } from '../intake.ts'
import { type PackedMessages, unpack } from './packed-messages.ts'
import type { Passed } from './passing-line.ts'

export interface PassingHooks {
  take(topic: string, payload: Buffer, client: string): void
  /** How full the way of messages to the disk is, from 0 to 1. */
  readonly fullness: () => number
}

/** The data plane's end of the way from an embedded broker for messages of QoS 0; asks for more unless the way to the disk is full. */
export class PassingDesk implements Disposable {
  readonly #hooks: PassingHooks
  readonly #intake: Intake
  readonly #ports = new Set<MessagePort>()
  /** What was taken and not told yet: the broker hands no more over meanwhile. */
  readonly #due = new Map<MessagePort, Passed>()
  /** What came before there were routes; null once there are. It is bounded by what a broker hands over unasked. */
  #early: (() => void)[] | null = []

  constructor(hooks: PassingHooks) {
    this.#hooks = hooks
    this.#intake = new Intake(hooks.fullness)
  }

  /** The routes are loaded: what came before is taken now. */
  open(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const take of early) take()
  }

  attach(port: MessagePort): void {
    this.#ports.add(port)
    port.on('close', () => {
      this.#ports.delete(port)
      this.#due.delete(port)
    })
    port.on('message', (packed: PackedMessages) => {
      const take = () => this.#take(port, packed)
      if (this.#early) this.#early.push(take)
      else take()
    })
  }

  /** The way to the disk has got on. */
  progress(): void {
    this.#intake.progress()
  }

  [Symbol.dispose](): void {
    this.#intake.close()
    for (const port of this.#ports) port.close()
  }

  #take(port: MessagePort, packed: PackedMessages): void {
    unpack(packed, (topic, payload, client) => this.#hooks.take(topic, payload, client))
    const due = this.#due.get(port) ?? { messages: 0, bytes: 0 }
    const isGated = this.#due.size > 0
    this.#due.set(port, {
      messages: due.messages + packed.topics.length,
      bytes: due.bytes + (packed.ends.at(-1) ?? 0),
    })
    if (!isGated) this.#intake.gate(() => this.#tell())
  }

  #tell(): void {
    for (const [port, passed] of this.#due) port.postMessage(passed)
    this.#due.clear()
  }
}
