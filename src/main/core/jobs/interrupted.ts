import type { EventLog } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { emitEnded, emitInterrupted } from './job-events.ts'
import type { JobTable, StoredJob } from './job-table.ts'
import { withEnd } from './job-views.ts'
import type { InterruptedJob, JobOutcome } from './types.ts'

export interface InterruptedParts {
  readonly stored: StoredJob
  readonly table: JobTable
  readonly events: EventLog
  readonly clock: Clock
  readonly ended: (view: JobView) => void
}

/**
 * A job of an earlier run that has no completion marker. It keeps none until its owner has resolved it, so that a second
 * crash before then finds it again.
 */
export class Interrupted implements InterruptedJob {
  readonly input: Record<string, unknown>
  readonly #parts: InterruptedParts
  #view: JobView
  #cause: Cause = { type: 'console', why: 'an interrupted job was found when the site was opened' }
  #resolved: Promise<void> | null = null

  constructor(parts: InterruptedParts) {
    this.#parts = parts
    this.input = parts.stored.input
    this.#view = { ...parts.stored.view, state: 'interrupted', progress: null, cancellable: false }
  }

  get view(): JobView {
    return this.#view
  }

  /** All that must be on record of it while it is not resolved. */
  get stored(): StoredJob {
    return { ...this.#parts.stored, toldInterrupted: true }
  }

  /** Tells the event log about it, once however often the console starts before it is resolved. */
  async tell(): Promise<void> {
    const { stored, table, events } = this.#parts
    if (stored.toldInterrupted) return
    this.#cause = emitInterrupted(events, this.#view).cause
    await table.markToldInterrupted(this.#view.id).catch(() => {})
  }

  resolve(state: 'completed' | 'failed', outcome: JobOutcome): Promise<void> {
    this.#resolved ??= this.#resolve(state, outcome)
    return this.#resolved
  }

  async #resolve(state: 'completed' | 'failed', outcome: JobOutcome): Promise<void> {
    const { stored, table, events, clock, ended } = this.#parts
    stored.log.add(outcome.message)
    const view = withEnd(this.#view, state, { ...outcome, remedy: null }, clock.wall())
    await table.finish({ ...this.stored, view })
    this.#view = view
    emitEnded(events, view, state, this.#cause)
    ended(view)
  }
}
