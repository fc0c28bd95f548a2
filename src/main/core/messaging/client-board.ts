import type { ClientsChange } from './embedded-broker.ts'
import type { BrokerClient } from './protocol.ts'

/** The clients of the embedded broker as it last told of them. */
export class ClientBoard {
  readonly #clients = new Map<string, BrokerClient>()
  #untold = 0

  take({ clients, gone, untold }: ClientsChange): void {
    for (const client of clients) this.#clients.set(client.id, client)
    for (const id of gone) this.#clients.delete(id)
    this.#untold = untold
  }

  /** The broker ended, and all connections with it. */
  clear(): void {
    this.#clients.clear()
    this.#untold = 0
  }

  /** How many more are connected than are known here. */
  get untold(): number {
    return this.#untold
  }

  list(): readonly BrokerClient[] {
    return [...this.#clients.values()]
  }

  get(id: string): BrokerClient | undefined {
    return this.#clients.get(id)
  }
}
