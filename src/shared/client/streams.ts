import type { ClientSubscription } from '../contract/envelope.ts'
import { serverSubscriptionSchema } from '../contract/envelope.ts'
import type { SubscriptionItem, SubscriptionParams, Topic } from '../contract/subscriptions.ts'
import type { Problem } from '../problem.ts'

type Batch<T extends Topic> = { readonly items: readonly SubscriptionItem<T>[]; readonly skipped: number }

interface OpenStream {
  onBatch(items: readonly unknown[], skipped: number): void | Promise<void>
  onEnd(problem: Problem | null): void
}

/** The client's end of the streams of one connection: grants one batch of credit at a time. */
export class ClientStreams {
  readonly #send: (message: ClientSubscription) => void
  readonly #open = new Map<number, OpenStream>()
  #next = 1

  constructor(send: (message: ClientSubscription) => void) {
    this.#send = send
  }

  open<T extends Topic>(
    topic: T,
    params: SubscriptionParams<T>,
    onBatch: (batch: Batch<T>) => void | Promise<void>,
    onEnd: (problem: Problem | null) => void = () => {},
  ): Disposable {
    const id = this.#next++
    this.#open.set(id, {
      // The console made these items from the same contract; the item's type is bound to the topic there.
      onBatch: (items, skipped) => onBatch({ items: items as readonly SubscriptionItem<T>[], skipped }),
      onEnd,
    })
    this.#send({ do: 'open', id, topic, params, credit: 1 })
    return {
      [Symbol.dispose]: () => {
        if (this.#open.delete(id)) this.#send({ do: 'close', id })
      },
    }
  }

  /** Takes the JSON of one server message. Rubbish is ignored: the connection is to a console that greeted properly. */
  receive(json: string): void {
    const message = serverSubscriptionSchema.safeParse(JSON.parse(json))
    if (!message.success) return
    const stream = this.#open.get(message.data.id)
    if (!stream) return
    if (message.data.do === 'end') {
      this.#open.delete(message.data.id)
      stream.onEnd(message.data.problem)
      return
    }
    const { id, items, skipped } = message.data
    void (async () => {
      try {
        await stream.onBatch(items, skipped)
      } finally {
        if (this.#open.has(id)) this.#send({ do: 'credit', id, credit: 1 })
      }
    })()
  }

  /** The connection is gone: every stream ends without a problem of its own. */
  close(): void {
    const open = [...this.#open.values()]
    this.#open.clear()
    for (const stream of open) stream.onEnd(null)
  }
}
