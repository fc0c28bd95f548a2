import type { Cause } from '#shared/vocabulary.ts'
import type { Attention } from './attention/index.ts'
import type { ServiceJobs } from './coordinator/index.ts'
import type { EventLog } from './events/index.ts'
import type { Logger } from './platform/index.ts'
import type { StateHub } from './state/index.ts'

export interface OwedServicesParts {
  readonly services: ServiceJobs
  readonly state: StateHub
  readonly events: EventLog
  readonly attention: Attention
  readonly logger: Logger
}

const card = 'services-owed'
const event = 'services.owed'
/** Services that have a button of their own on the card. */
const mostButtons = 4

/**
 * Services that an earlier console had stopped for something that it did not live to end: a restore, a recovery. They are started again, also
 * where the host was told to start nothing; where that is refused a card says so until they run, and has the buttons for it.
 */
export class OwedServices implements Disposable {
  readonly #parts: OwedServicesParts
  readonly #following: Disposable

  constructor(parts: OwedServicesParts) {
    this.#parts = parts
    this.#following = parts.state.onRevision(({ slices }) => {
      if (slices.services) this.#look()
    })
  }

  async start(owed: readonly string[], cause: Cause): Promise<void> {
    if (owed.length === 0) return
    const { services, events, attention, logger } = this.#parts
    try {
      await services.start(owed, cause)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      logger.error('Services that were stopped for something that was interrupted could not be started again.', {
        services: owed,
        error: reason,
      })
      const why = `They had been stopped for something that was cut off when the console ended: ${owed.join(', ')}. They could not be started again by themselves: ${reason}`
      const told = events.emit({
        kind: event,
        subject: 'site',
        severity: 'error',
        message: `Services stay stopped. ${why}`,
        cause,
        data: { services: [...owed] },
      })
      attention.raise({
        id: card,
        subject: 'site',
        severity: 'error',
        title: owed.length === 1 ? `${owed[0]} was left stopped` : `${owed.length} services were left stopped`,
        why,
        fixes: [
          ...owed
            .slice(0, mostButtons)
            .map((service) => ({ label: `Start ${service}`, action: { type: 'start-service', service } }) as const),
          ...(owed.length > 1 ? [{ label: 'Start all', action: { type: 'start-all' } } as const] : []),
        ],
        cause: told.cause,
        dismissible: true,
      })
    }
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
  }

  /** The card outlives the console; it goes once what has a button on it is there, or is not in the site any more. */
  #look(): void {
    const { attention, state } = this.#parts
    const open = attention.open().find(({ id }) => id === card)
    if (!open) return
    const shown = state.slice('services').all()
    const owed = open.fixes.flatMap(({ action }) => (action.type === 'start-service' ? [action.service] : []))
    if (Object.keys(shown).length === 0) return
    if (!owed.every((id) => !shown[id] || shown[id].state === 'running' || shown[id].state === 'completed')) return
    attention.clear(card, { type: 'observation', what: 'they run again' })
  }
}
