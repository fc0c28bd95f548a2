import type { MessagePort } from 'node:worker_threads'
import type { Admissions, Admitted } from '../protocol.ts'
import { unpack } from './packed-messages.ts'

export interface DeskHooks {
  /** Routes a message; `settle` is called when it is safe, or with false when it cannot be kept, in the order of the calls. */
  take(topic: string, payload: Buffer, client: string, qos: 1 | 2, settle: (isKept: boolean) => void): void
}

/** The data plane's end of the way from an embedded broker: takes what a broker is about to acknowledge, and says when it may. */
export class AdmissionDesk implements Disposable {
  readonly #hooks: DeskHooks
  readonly #brokers = new Set<Broker>()
  /** What came before there were routes; null once there are. */
  #early: (() => void)[] | null = []

  constructor(hooks: DeskHooks) {
    this.#hooks = hooks
  }

  /** The routes are loaded: what came before is taken now. */
  open(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const take of early) take()
  }

  attach(port: MessagePort): void {
    const broker = new Broker(port)
    this.#brokers.add(broker)
    port.on('close', () => this.#brokers.delete(broker))
    port.on('message', (admissions: Admissions) => {
      const take = () => this.#take(broker, admissions)
      if (this.#early) this.#early.push(take)
      else take()
    })
  }

  [Symbol.dispose](): void {
    for (const { port } of this.#brokers) port.close()
  }

  #take(broker: Broker, { first, qos, messages }: Admissions): void {
    unpack(messages, (topic, payload, client, index) =>
      this.#hooks.take(topic, payload, client, qos[index] ?? 1, (isKept) => broker.settle(first + index, isKept)),
    )
  }
}

/** One broker that asks. It is answered once for everything that became safe in one go. */
class Broker {
  readonly port: MessagePort
  #through = 0
  #refused: number[] = []
  #isTelling = false

  constructor(port: MessagePort) {
    this.port = port
  }

  settle(number: number, isKept: boolean): void {
    this.#through = number
    if (!isKept) this.#refused.push(number)
    if (this.#isTelling) return
    this.#isTelling = true
    queueMicrotask(() => {
      const admitted: Admitted = { through: this.#through, refused: this.#refused }
      this.#isTelling = false
      this.#refused = []
      this.port.postMessage(admitted)
    })
  }
}
