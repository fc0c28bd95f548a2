import type { Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { DeployStep, DeployView } from '#shared/contract/deploys.ts'
import { type DeployFact, isOver, onFact } from './deploy-machine.ts'
import { deployView } from './deploy-view.ts'
import type { DeployRecord, DeployRecords } from './record.ts'

/** Deploys in the shown state. */
export const shownDeploys = 30

/** The one deploy that is worked on, kept on disk and shown as it changes. */
export class DeployJournal {
  readonly #records: DeployRecords
  readonly #slice: Slice<DeployView>
  readonly #logger: Logger
  readonly #now: () => number
  #record: DeployRecord

  constructor(
    record: DeployRecord,
    ports: { records: DeployRecords; slice: Slice<DeployView>; logger: Logger; now: () => number },
  ) {
    this.#record = record
    this.#records = ports.records
    this.#slice = ports.slice
    this.#logger = ports.logger
    this.#now = ports.now
  }

  get record(): DeployRecord {
    return this.#record
  }

  /** Durable when it resolves; rejects when it cannot be written, and then what follows must not be done. */
  async change(change: Partial<DeployRecord>): Promise<void> {
    const before = this.#record
    this.#put({ ...before, ...change })
    try {
      await this.#records.write(this.#record)
    } catch (error) {
      // What is not on disk has not come about: a failure is judged by where the record says that it is.
      this.#put(before)
      throw error
    }
  }

  /** In memory alone: on disk with the next change. */
  remember(change: Partial<DeployRecord>): void {
    this.#put({ ...this.#record, ...change })
  }

  /**
   * The same on the way back, which does not wait for room on the disk: what is on disk then leads the next opening back as well.
   */
  async note(change: Partial<DeployRecord>): Promise<void> {
    this.#put({ ...this.#record, ...change })
    await this.#records.write(this.#record).catch((error: unknown) =>
      this.#logger.error('The record of a deploy could not be written; the next opening goes by the one before.', {
        deploy: this.#record.id,
        error: String(error),
      }),
    )
  }

  /** The fact, and what it leads to. */
  fact(fact: DeployFact): Partial<DeployRecord> {
    const standing = onFact(this.#record.standing, fact)
    return { standing, ...(isOver(standing.phase) && { endedAt: this.#now() }) }
  }

  step(id: DeployStep, state: DeployRecord['steps'][number]['state']): DeployRecord['steps'] {
    const at = this.#now()
    return this.#record.steps.map((step) => {
      if (step.id !== id) return step
      return state === 'running' ? { ...step, state, startedAt: at } : { ...step, state, endedAt: at }
    })
  }

  #put(record: DeployRecord): void {
    this.#record = record
    this.#records.remember(record)
    this.#slice.set(this.#record.id, deployView(this.#record))
    const ids = this.#records.all().slice(shownDeploys)
    for (const { id } of ids) this.#slice.delete(id)
  }
}
