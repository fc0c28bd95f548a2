import type { Attention } from '#core/attention/index.ts'
import type { EventLog, EventRef } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Fix } from '#shared/contract/state.ts'
import type { Cause, Health, Severity } from '#shared/vocabulary.ts'
import { databaseEvents } from './event-kinds.ts'
import type { Judgement } from './health.ts'

/** Degraded for this long is worth a card; before that it may be a moment of much work. Milliseconds. */
const patienceMs = 30_000

export interface TidingsParts {
  readonly service: string
  readonly title: string
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
}

/** What is said of one database as it changes: events with their causes, and the card while it is unwell. */
export class Tidings {
  readonly #parts: TidingsParts
  #health: Health = 'unknown'
  /** What began the present trouble: the cause of its end. */
  #trouble: EventRef | null = null
  #degradedSince: number | null = null

  constructor(parts: TidingsParts) {
    this.#parts = parts
  }

  get #card(): string {
    return `database-unwell:${this.#parts.service}`
  }

  /** Tells what changed since the last judgement. `damaged` names the fix. */
  judged({ health, sentence }: Judgement, damaged: boolean): void {
    const before = this.#health
    this.#health = health
    const observed: Cause = { type: 'observation', what: sentence }
    if (health !== before) {
      if (health === 'healthy') {
        const kind = before === 'unknown' ? 'connected' : 'recovered'
        const says = before === 'unknown' ? 'is connected' : 'works again'
        this.#emit(kind, 'info', `${says}. ${sentence}`, this.#trouble?.cause ?? observed)
        this.#trouble = null
      } else if (health === 'unhealthy') {
        const kind = damaged ? 'damaged' : 'lost'
        this.#trouble = this.#emit(kind, 'error', `cannot be used. ${sentence}`, this.#trouble?.cause ?? observed)
      } else if (health === 'degraded') {
        this.#trouble = this.#emit('degraded', 'warning', `is not well. ${sentence}`, this.#trouble?.cause ?? observed)
      }
    }
    this.#showCard({ health, sentence }, damaged)
  }

  /** The service was stopped: what is not connected is not unwell. */
  closed(): void {
    if (this.#health !== 'unknown') this.#emit('closed', 'info', 'is not connected any more.', this.#console())
    this.#health = 'unknown'
    this.#trouble = null
    this.#degradedSince = null
    this.#parts.attention.clear(this.#card, this.#console())
  }

  #showCard({ health, sentence }: Judgement, damaged: boolean): void {
    const { attention, clock, service, title } = this.#parts
    const cause = this.#trouble?.cause ?? { type: 'observation', what: sentence }
    if (health !== 'degraded') this.#degradedSince = null
    else this.#degradedSince ??= clock.monotonic()
    if (health === 'healthy') {
      attention.clear(this.#card, cause)
      return
    }
    const patient = this.#degradedSince !== null && clock.monotonic() - this.#degradedSince < patienceMs
    if (patient) return
    const open: Fix = { label: 'Look at it', action: { type: 'go-to', page: `/services/${service}` } }
    const fixes: Fix[] = damaged
      ? [
          { label: `Recover ${service}`, action: { type: 'recover-database', service } },
          { label: 'Restore from a backup', action: { type: 'restore', snapshot: null } },
          open,
        ]
      : [{ label: `Restart ${service}`, action: { type: 'restart-service', service } }, open]
    attention.raise({
      id: this.#card,
      subject: `service:${service}`,
      severity: health === 'unhealthy' ? 'error' : 'warning',
      title: damaged ? `${title} is damaged or missing` : `${title} is unwell`,
      why: sentence,
      fixes,
      cause,
      dismissible: !damaged,
    })
  }

  #emit(kind: keyof typeof databaseEvents, severity: Severity, says: string, cause: Cause): EventRef {
    const { events, service, title } = this.#parts
    return events.emit({
      kind: databaseEvents[kind],
      subject: `service:${service}`,
      severity,
      message: `${title} ${says}`,
      cause,
    })
  }

  #console(): Cause {
    return { type: 'console', why: 'its service was stopped' }
  }
}
