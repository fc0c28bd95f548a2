import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { messagingEvents } from './event-kinds.ts'
import type { LinkState } from './protocol.ts'

/** Without a broker for this long, a person should know. */
const patienceMs = 10_000

/** Crashes of the data plane within this time that a person should know of. */
const crashes = { most: 3, withinMs: 60_000 }

export interface RouterWatchParts {
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
}

/** Tells when the router loses one of its brokers, and raises what lasts. */
class LinkWatch implements Disposable {
  readonly #parts: RouterWatchParts
  /** Whether it is the only broker, which needs no name. */
  isOnly = true
  readonly #broker: string
  readonly #card: string
  #connected = false
  #away: Disposable | undefined
  #raised = false

  constructor(parts: RouterWatchParts, broker: string, card: string) {
    this.#parts = parts
    this.#broker = broker
    this.#card = card
  }

  get #named(): string {
    return this.isOnly ? 'the broker' : `the broker ${this.#broker}`
  }

  become(state: LinkState, reason: string): void {
    if (state === 'connected') {
      this.#endAbsence()
      if (this.#connected) return
      this.#connected = true
      const { cause } = this.#parts.events.emit({
        kind: messagingEvents.routerConnected,
        subject: 'router',
        severity: 'info',
        message: `The router is connected to ${this.#named}.`,
        cause: { type: 'observation', what: reason },
      })
      if (this.#raised) this.#parts.attention.clear(this.#card, cause)
      this.#raised = false
      return
    }
    if (this.#connected) {
      this.#connected = false
      this.#parts.events.emit({
        kind: messagingEvents.routerDisconnected,
        subject: 'router',
        severity: state === 'off' ? 'info' : 'warning',
        message: `The router has lost ${this.isOnly ? 'its broker' : this.#named}. ${reason}`,
        cause: { type: 'observation', what: reason },
      })
    }
    if (state === 'off') {
      this.#endAbsence()
      if (this.#raised) this.#parts.attention.clear(this.#card, { type: 'observation', what: reason })
      this.#raised = false
    } else {
      this.#away ??= this.#parts.clock.after(patienceMs, () => this.#raise(reason))
    }
  }

  /** It is stopped on purpose: its absence is no news. */
  off(): void {
    this.#endAbsence()
  }

  /** The thread that held the connection is gone. */
  crashed(): void {
    this.#connected = false
  }

  /** The site has no such broker any more. */
  forget(): void {
    this.become('off', 'The broker is no longer in site.yaml.')
  }

  [Symbol.dispose](): void {
    this.#endAbsence()
  }

  #raise(reason: string): void {
    this.#raised = true
    this.#parts.attention.raise({
      id: this.#card,
      subject: 'router',
      severity: 'warning',
      title: this.isOnly ? 'The router has no broker' : `The router cannot reach ${this.#named}`,
      why: this.isOnly
        ? `For ${patienceMs / 1000} s messages have not been routed. ${reason}`
        : `For ${patienceMs / 1000} s messages from and to ${this.#broker} have not passed; what must arrive there waits. ${reason}`,
      fixes: [{ label: 'Look at the services', action: { type: 'go-to', page: 'services' } }],
      cause: { type: 'observation', what: reason },
      dismissible: true,
    })
  }

  #endAbsence(): void {
    this.#away?.[Symbol.dispose]()
    this.#away = undefined
  }
}

/** Tells when the router loses its brokers or its thread, and raises what lasts. */
export class RouterWatch implements Disposable {
  readonly #parts: RouterWatchParts
  readonly #links = new Map<string, LinkWatch>()
  #crashes: number[] = []

  constructor(parts: RouterWatchParts) {
    this.#parts = parts
  }

  /** Watches the connections to these brokers, and to no others; the first is the one that routes mean which name none. */
  know(brokers: readonly string[]): void {
    for (const [id, link] of this.#links) {
      if (brokers.includes(id)) continue
      link.forget()
      link[Symbol.dispose]()
      this.#links.delete(id)
    }
    for (const id of brokers) {
      const known = this.#links.get(id) ?? new LinkWatch(this.#parts, id, `router-disconnected:${id}`)
      known.isOnly = brokers.length === 1
      this.#links.set(id, known)
    }
  }

  link(broker: string, state: LinkState, reason: string): void {
    this.#links.get(broker)?.become(state, reason)
  }

  /** A broker of the site is stopped on purpose: its absence is no news. */
  brokerOff(broker: string): void {
    this.#links.get(broker)?.off()
  }

  crashed(reason: string, restartMs: number): void {
    for (const link of this.#links.values()) link.crashed()
    const { cause } = this.#parts.events.emit({
      kind: messagingEvents.routerCrashed,
      subject: 'router',
      severity: 'error',
      message: `The router ended unasked (${reason}) and is started again in ${restartMs} ms. Messages in its queues are lost and counted as dropped.`,
      cause: { type: 'observation', what: reason },
      data: { reason, restartMs },
    })
    const now = this.#parts.clock.monotonic()
    this.#crashes = [...this.#crashes.filter((at) => now - at < crashes.withinMs), now]
    if (this.#crashes.length < crashes.most) return
    this.#parts.attention.raise({
      id: 'router-crashing',
      subject: 'router',
      severity: 'error',
      title: 'The router ends again and again',
      why: `It ended ${this.#crashes.length} times within a minute, last because ${reason}.`,
      fixes: [{ label: 'Look at the timeline', action: { type: 'go-to', page: 'timeline' } }],
      cause,
      dismissible: true,
    })
  }

  [Symbol.dispose](): void {
    for (const link of this.#links.values()) link[Symbol.dispose]()
  }
}
