import type { Cause } from '#shared/vocabulary.ts'
import { type Deed, type DeedParts, isTroubled, isWell } from './deed.ts'
import type { Undo } from './types.ts'
import { seen, type Waiting } from './waiting.ts'

/** How often the broker is asked who is there. Milliseconds. */
const askEveryMs = 100

/**
 * Ends the embedded broker as a crash would: its port and all connections are gone at once. Only when every client that was there
 * is there again has the site got over it; a client that comes back under another id counts as well.
 */
export class BrokerDeed implements Deed {
  readonly #parts: DeedParts
  #clients: readonly string[] = []
  #missing: readonly string[] = []
  #routed = false
  #before = { dropped: 0 }

  constructor(parts: DeedParts) {
    this.#parts = parts
  }

  get shortfall(): string | null {
    if (this.#missing.length === 0) return null
    const named = this.#missing.slice(0, 5).join(', ')
    const more = this.#missing.length > 5 ? ` and ${this.#missing.length - 5} more` : ''
    return `${this.#missing.length} of ${this.#clients.length} clients did not come back: ${named}${more}`
  }

  async prepare(): Promise<Undo> {
    const { messaging, state } = this.#parts
    this.#clients = await messaging.brokerClients()
    this.#routed = state.slice('traffic').get('traffic')?.router === 'connected'
    this.#before = this.#counts()
    return { type: 'nothing' }
  }

  async act(cause: Cause): Promise<void> {
    await this.#parts.messaging.cutBroker('a drill cut it off', cause)
  }

  async noticed(waiting: Waiting): Promise<string | null> {
    const look = () => {
      const view = this.#parts.service()
      return isTroubled(view) ? view.reason : null
    }
    return await seen(look, waiting)
  }

  async recovered(waiting: Waiting): Promise<string | null> {
    const { service, messaging, state } = this.#parts
    const look = async () => {
      if (!isWell(service())) return null
      const now = await messaging.brokerClients()
      const gone = this.#clients.filter((id) => !now.includes(id))
      const others = now.filter((id) => !this.#clients.includes(id))
      this.#missing = gone.slice(others.length)
      const routes = state.slice('traffic').get('traffic')?.router === 'connected'
      if (this.#missing.length > 0 || (this.#routed && !routes)) return null
      const clients = this.#clients.length
      return `The console started the broker again, and ${clients === 0 ? 'no client had been there' : clients === 1 ? 'its client came back' : `all ${clients} clients came back`}.`
    }
    return await seen(look, waiting, askEveryMs)
  }

  lost(): string | null {
    const dropped = this.#counts().dropped - this.#before.dropped
    if (dropped <= 0) return null
    return `By the ledger of the routes ${dropped} ${dropped === 1 ? 'message was' : 'messages were'} dropped meanwhile.`
  }

  async undo(): Promise<string | null> {
    return null
  }

  #counts(): { readonly dropped: number } {
    const routes = Object.values(this.#parts.state.slice('routes').all())
    const targets = routes.flatMap((route) => route.targets)
    return { dropped: targets.reduce((sum, { dropped }) => sum + dropped, 0) }
  }
}
