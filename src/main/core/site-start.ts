import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Attention } from './attention/index.ts'
import type { Coordinator, ServiceJobs } from './coordinator/index.ts'
import type { EventLog } from './events/index.ts'
import type { Maintenance } from './maintenance/index.ts'
import type { Clock, Logger } from './platform/index.ts'
import type { Store } from './store/index.ts'

export interface SiteStartParts {
  readonly services: ServiceJobs
  readonly coordinator: Pick<Coordinator, 'emergencyStops'>
  readonly maintenance: Pick<Maintenance, 'deferStart'>
  readonly store: Pick<Store, 'statistics'>
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
  readonly logger: Logger
}

/** What is owed while the store takes no records. */
interface Owed {
  readonly cause: Cause
  /** Emergency stops there had been by then. */
  readonly stops: number
}

export const startHeld = { card: 'site-start-held', event: 'site.start-held' } as const

/** How often it is looked at whether the store takes records again. Milliseconds. */
const lookEveryMs = 1_000

/** Refusals that pass when the store goes on. */
const passing: readonly string[] = [
  'store-read-only',
  'store-full',
  'store-busy',
  'store-damaged',
  'store-recovering',
  'store-interrupted',
  'store-failed',
]

/**
 * The start that the console makes by itself. When the store takes no records, nothing can be started; a card says so, and the start
 * is made once, as soon as the store takes them again. Whoever orders the services about meanwhile has decided otherwise: an order
 * that was taken, or a stop that was refused, ends the waiting.
 */
export class SiteStart implements Disposable {
  /** The same jobs: orders that go through here end the waiting. */
  readonly watched: ServiceJobs
  readonly #parts: SiteStartParts
  #owed: Owed | null = null
  #next: Disposable | null = null
  #closed = false

  constructor(parts: SiteStartParts) {
    this.#parts = parts
    const { services, attention } = parts
    this.watched = {
      start: (named, cause) => this.#ordered(services.start(named, cause), cause),
      restart: (service, cause) => this.#ordered(services.restart(service, cause), cause),
      stop: (named, cause) => {
        this.#settle(cause)
        return services.stop(named, cause)
      },
    }
    // Cards outlive the console: what an earlier one owed, this one decides anew.
    attention.clear(startHeld.card, { type: 'console', why: 'the site was opened again' })
  }

  /** Never rejects with a ConsoleError: not trusted yet, or invalid, is what the site's own state says. */
  async begin(cause: Cause): Promise<void> {
    const { maintenance, services, coordinator, logger } = this.#parts
    if (maintenance.deferStart()) return
    const stops = coordinator.emergencyStops
    try {
      await services.start('all', cause)
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error
      logger.warn(error.message)
      if (passing.includes(error.problem.code)) this.#owe(error, cause, stops)
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#owed = null
    this.#next?.[Symbol.dispose]()
  }

  #owe(refusal: ConsoleError, cause: Cause, stops: number): void {
    if (this.#closed) return
    const { events, attention } = this.#parts
    const why = `The console's own store took no records, and nothing is started without one: ${refusal.message} ${refusal.problem.remedy}`
    const held = events.emit({
      kind: startHeld.event,
      subject: 'site',
      severity: 'error',
      message: `The services could not be started. ${why}`,
      cause,
      data: { code: refusal.problem.code },
    })
    attention.raise({
      id: startHeld.card,
      subject: 'site',
      severity: 'critical',
      title: 'The services were not started',
      why: `${why} They are then started by themselves, unless they are started or stopped by somebody before.`,
      fixes: [{ label: 'Look at the store', action: { type: 'go-to', page: '/diagnose' } }],
      cause: held.cause,
      dismissible: false,
    })
    this.#owed = { cause: { type: 'event', id: held.id }, stops }
    this.#lookLater()
  }

  #lookLater(): void {
    this.#next?.[Symbol.dispose]()
    this.#next = this.#parts.clock.after(lookEveryMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const owed = this.#owed
    if (!owed) return
    const { store, coordinator, maintenance, services, logger } = this.#parts
    if (coordinator.emergencyStops > owed.stops) return this.#settle({ type: 'console', why: 'everything was stopped' })
    const { state } = store.statistics().databases.control
    if (state !== 'open' && state !== 'stand-in') return this.#lookLater()
    try {
      // Maintenance begun meanwhile takes it over.
      if (!maintenance.deferStart()) await services.start('all', owed.cause)
    } catch (error) {
      if (this.#owed !== owed) return
      if (error instanceof ConsoleError && passing.includes(error.problem.code)) return this.#lookLater()
      logger.warn('The services could not be started after the store took records again.', { error: String(error) })
    }
    if (this.#owed === owed) this.#settle(owed.cause)
  }

  async #ordered<T>(order: Promise<T>, cause: Cause): Promise<T> {
    const taken = await order
    this.#settle(cause)
    return taken
  }

  #settle(cause: Cause): void {
    if (!this.#owed) return
    this.#owed = null
    this.#next?.[Symbol.dispose]()
    this.#parts.attention.clear(startHeld.card, cause)
  }
}
