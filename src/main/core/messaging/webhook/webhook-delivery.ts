import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { WebhookCall } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Delivery, DeliveryFailure } from '../outbox/delivery.ts'
import type { OutboxRow } from '../outbox/outbox-rows.ts'
import { callWebhook } from './call-webhook.ts'

export interface WebhookDeliveryParts {
  /** How it is called at present; undefined when no route has it any more. */
  readonly call: () => WebhookCall | undefined
  readonly agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent }
  readonly clock: Clock
}

/** Delivers to one webhook: as many calls at a time as it takes. Their order is the outbox's to keep, which gives one of a key at a time. */
export class WebhookDelivery implements Delivery, Disposable {
  readonly #parts: WebhookDeliveryParts
  readonly #closing = new AbortController()
  #underWay = 0

  constructor(parts: WebhookDeliveryParts) {
    this.#parts = parts
  }

  room(): number {
    return this.#closing.signal.aborted ? 0 : (this.#parts.call()?.parallel ?? 1) - this.#underWay
  }

  deliver(row: OutboxRow, _address: string, done: (failure: DeliveryFailure | null) => void): void {
    this.#underWay++
    void this.#call(row).then((failure) => {
      // Nobody waits for answers any more once it is closed: the rows stay where they are.
      if (this.#closing.signal.aborted) return
      this.#underWay--
      done(failure)
    })
  }

  [Symbol.dispose](): void {
    this.#closing.abort()
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
