import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { WebhookCall } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Delivery, DeliveryFailure } from '../outbox/delivery.ts'
import type { OutboxRow } from '../outbox/outbox-rows.ts'
import { callWebhook } from './call-webhook.ts'

interface Taken {
  readonly row: OutboxRow
  readonly done: (failure: DeliveryFailure | null) => void
}

export interface WebhookDeliveryParts {
  /** How it is called at present; undefined when no route has it any more. */
  readonly call: () => WebhookCall | undefined
  readonly agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent }
  readonly clock: Clock
}

/**
 * Delivers to one webhook: as many calls at a time as it takes, of one key one after the other. When a call fails, what was taken behind
 * it of the same key goes back with it, so that the order of a key never changes.
 */
export class WebhookDelivery implements Delivery, Disposable {
  readonly #parts: WebhookDeliveryParts
  readonly #closing = new AbortController()
  /** Taken, by key; the first of each is under way. */
  readonly #taken = new Map<string, Taken[]>()
  #rows = 0

  constructor(parts: WebhookDeliveryParts) {
    this.#parts = parts
  }

  room(): number {
    return this.#closing.signal.aborted ? 0 : (this.#parts.call()?.parallel ?? 1) - this.#rows
  }

  deliver(row: OutboxRow, _address: string, done: (failure: DeliveryFailure | null) => void): void {
    const call = this.#parts.call()
    const key = call === undefined || call.parallel === 1 ? '' : row.topic
    const queue = this.#taken.get(key) ?? []
    this.#rows++
    queue.push({ row, done })
    if (queue.length > 1) return
    this.#taken.set(key, queue)
    void this.#run(key, queue)
  }

  [Symbol.dispose](): void {
    this.#closing.abort()
  }

  async #run(key: string, queue: Taken[]): Promise<void> {
    for (let head = queue[0]; head; head = queue[0]) {
      const failure = await this.#call(head.row)
      // Nobody waits for answers any more once it is closed: the rows stay where they are.
      if (this.#closing.signal.aborted) return
      const over = failure === null ? queue.splice(0, 1) : queue.splice(0)
      this.#rows -= over.length
      if (queue.length === 0) this.#taken.delete(key)
      head.done(failure)
      for (const { done } of over.slice(1)) done({ reason: failure?.reason ?? '', permanent: false })
    }
  }

  #call(row: OutboxRow): Promise<DeliveryFailure | null> {
    const call = this.#parts.call()
    if (call === undefined) return Promise.resolve({ reason: 'no route has this webhook any more', permanent: false })
    if (call.fault !== null) return Promise.resolve({ reason: call.fault, permanent: false })
    const { agents, clock } = this.#parts
    return callWebhook({
      call,
      row,
      agent: agents[new URL(call.url).protocol === 'https:' ? 'https:' : 'http:'],
      clock,
      signal: this.#closing.signal,
    })
  }
}
