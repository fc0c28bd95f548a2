import type { Attention } from '#core/attention/index.ts'
import type { EventDraft, EventLog } from '#core/events/index.ts'
import type { Logger } from '#core/platform/index.ts'
import type { Store, UntoldReport } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { type Contact, cardIds, logDamaged, replaced, standIn } from './cards.ts'
import { storeEventKinds } from './event-kinds.ts'

export interface TellerOptions {
  readonly store: Store
  readonly events: EventLog
  readonly attention: Attention
  readonly contact: () => Contact | null
  readonly logger: Logger
}

const observed: Cause = { type: 'observation', what: "the state of the console's own store" }

/**
 * Puts what the store did about damage into the event log and on cards. What it did while there was no event log stands on
 * record until then, so that a kill in between takes no report away.
 */
export class Teller {
  readonly #options: TellerOptions
  #last: Promise<void> = Promise.resolve()

  constructor(options: TellerOptions) {
    this.#options = options
  }

  /** Tells what is not told yet, one after the other. Never rejects; what could not be recorded is told the next time. */
  tell(): Promise<void> {
    this.#last = this.#last
      .then(() => this.#tellAll())
      .catch((error: unknown) =>
        this.#options.logger.warn('What was done about a damaged database could not be recorded yet.', {
          error: String(error),
        }),
      )
    return this.#last
  }

  /** A stand-in is a condition, not something that happened: its card is there as long as it is. */
  tellStandIns(): void {
    const { store, attention, contact } = this.#options
    for (const database of ['control', 'messages'] as const) {
      const present = store.upkeep.standIn(database)
      if (present) attention.raise(standIn(database, present, contact(), observed))
      else attention.clear(cardIds.standIn(database), observed)
    }
  }

  async #tellAll(): Promise<void> {
    const { store, events, attention } = this.#options
    this.tellStandIns()
    for (const report of store.upkeep.untold()) {
      const { id } = await events.record(eventOf(report))
      const cause: Cause = { type: 'event', id }
      if (report.kind === 'recovered') attention.raise(replaced(report, cause))
      if (report.kind === 'log-damaged' || report.kind === 'log-lost') attention.raise(logDamaged(report, cause))
      await store.upkeep.told(report)
    }
  }
}

function eventOf({ kind, database, by, message, data, at }: UntoldReport): EventDraft {
  const kinds = {
    recovered: { kind: storeEventKinds.recovered, severity: 'error' },
    'stand-in': { kind: storeEventKinds.stoodIn, severity: 'critical' },
    'stand-in-ended': { kind: storeEventKinds.standInEnded, severity: 'notice' },
    'log-damaged': { kind: storeEventKinds.logDamaged, severity: 'error' },
    'log-lost': { kind: storeEventKinds.logLost, severity: 'error' },
  } as const
  const opening: Cause = { type: 'observation', what: `whether the ${database} database can be opened` }
  const causes: Readonly<Record<UntoldReport['by'], Cause>> = {
    damage:
      kind === 'stand-in-ended' || data.damage === null
        ? opening
        : { type: 'observation', what: `damage in the ${database} database` },
    check: { type: 'observation', what: `a check that found the ${database} database damaged` },
    operator: { type: 'console', why: 'the operator ordered a recovery' },
  }
  return { ...kinds[kind], subject: `store:${database}`, message, cause: causes[by], data: { ...data, at } }
}
