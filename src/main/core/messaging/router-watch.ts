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

/** Tells when the router loses its broker or its thread, and raises what lasts. */
export class RouterWatch implements Disposable {
  readonly #parts: RouterWatchParts
  #connected = false
  #away: Disposable | undefined
  #raised = false
  #crashes: number[] = []

  constructor(parts: RouterWatchParts) {
    this.#parts = parts
  }

  link(state: LinkState, reason: string): void {
    if (state === 'connected') {
      this.#endAbsence()
      if (this.#connected) return
      this.#connected = true
      const { cause } = this.#parts.events.emit({
        kind: messagingEvents.routerConnected,
        subject: 'router',
        severity: 'info',
        message: 'The router is connected to the broker.',
        cause: { type: 'observation', what: reason },
      })
      if (this.#raised) this.#parts.attention.clear('router-disconnected', cause)
      this.#raised = false
      return
    }
    if (this.#connected) {
      this.#connected = false
      this.#parts.events.emit({
        kind: messagingEvents.routerDisconnected,
        subject: 'router',
        severity: state === 'off' ? 'info' : 'warning',
        message: `The router has lost its broker. ${reason}`,
        cause: { type: 'observation', what: reason },
      })
    }
    if (state === 'off') {
      this.#endAbsence()
      if (this.#raised) this.#parts.attention.clear('router-disconnected', { type: 'observation', what: reason })
      this.#raised = false
    } else {
      this.#away ??= this.#parts.clock.after(patienceMs, () => this.#raise(reason))
    }
  }

  /** The broker of the site is stopped on purpose: its absence is no news. */
  brokerOff(): void {
    this.#endAbsence()
  }

  crashed(reason: string, restartMs: number): void {
    this.#connected = false
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
    this.#endAbsence()
  }

  #raise(reason: string): void {
    this.#raised = true
    this.#parts.attention.raise({
      id: 'router-disconnected',
      subject: 'router',
      severity: 'warning',
      title: 'The router has no broker',
      why: `For ${patienceMs / 1000} s messages have not been routed. ${reason}`,
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
