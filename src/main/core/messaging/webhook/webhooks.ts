import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { WebhookCall } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Delivery } from '../outbox/delivery.ts'
import { WebhookDelivery } from './webhook-delivery.ts'

/** Connections that wait to be used again, for each host. */
const idleConnections = 4

/** The webhooks of all routes, each with a way of its own, and the connections that they share. */
export class Webhooks implements Disposable {
  readonly #clock: Clock
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, maxFreeSockets: idleConnections }),
    'https:': new HttpsAgent({ keepAlive: true, maxFreeSockets: idleConnections }),
  }
  readonly #ways = new Set<WebhookDelivery>()
  readonly #calls = new Map<string, WebhookCall>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes over how webhooks are called. One that went is known until the end: what it still holds is delivered. */
  use(calls: Readonly<Record<string, WebhookCall>>): void {
    for (const [key, call] of Object.entries(calls)) this.#calls.set(key, call)
  }

  way(key: string): Delivery {
    const way = new WebhookDelivery({ call: () => this.#calls.get(key), agents: this.#agents, clock: this.#clock })
    this.#ways.add(way)
    return way
  }

  [Symbol.dispose](): void {
    for (const way of this.#ways) way[Symbol.dispose]()
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }
}
