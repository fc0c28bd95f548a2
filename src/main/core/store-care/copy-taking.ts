import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { CopyReason, DatabaseCopy, DatabaseName, Store } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { cardIds, copyFailed } from './cards.ts'
import { storeEventKinds } from './event-kinds.ts'

export interface CopyTakingOptions {
  readonly store: Store
  readonly events: EventLog
  readonly attention: Attention
}

const what: Readonly<Record<CopyReason, string>> = {
  scheduled: 'The scheduled copy',
  'before-risk': 'The copy before something risky',
  'before-upgrade': 'The copy before an upgrade',
  'by-operator': 'The copy that was asked for',
}

/** Takes copies of the store for whatever reason: the card about one that failed is there until the next good one. */
export class CopyTaking {
  readonly #options: CopyTakingOptions

  constructor(options: CopyTakingOptions) {
    this.#options = options
  }

  /** Rejects as `Copies.take` does, and tells of it unless the signal ended it. */
  async take(database: DatabaseName, reason: CopyReason, cause: Cause, signal?: AbortSignal): Promise<DatabaseCopy> {
    try {
      const copy = await this.#options.store.upkeep.copies.take(database, reason, signal)
      this.good(database, cause)
      return copy
    } catch (error) {
      if (!signal?.aborted) this.#tell(database, reason, error instanceof Error ? error.message : String(error), cause)
      throw error
    }
  }

  /** There is a good copy of it as it is now. */
  good(database: DatabaseName, cause: Cause): void {
    this.#options.attention.clear(cardIds.copyFailed(database), cause)
  }

  #tell(database: DatabaseName, reason: CopyReason, why: string, cause: Cause): void {
    const { events, attention } = this.#options
    const told = events.emit({
      kind: storeEventKinds.copyFailed,
      subject: `store:${database}`,
      severity: 'warning',
      message: `${what[reason]} of the ${database} database failed: ${why}`,
      cause,
      data: { database, reason },
    })
    attention.raise(copyFailed(database, why, told.cause))
  }
}
