import type { Cause } from '#shared/vocabulary.ts'
import { deployEvents } from './event-kinds.ts'
import { type DeployGround, definitionOf, journalOf, onProbation } from './ground.ts'
import type { DeployJournal } from './journal.ts'
import { Probation } from './probation.ts'
import type { DeployRecord } from './record.ts'
import { tidyAfterDeploy } from './tidy.ts'

/** Keeps the probation of the one release that is on it: watches it, writes down what comes of it, and has it taken back. */
export class ProbationKeeper implements Disposable {
  readonly #ground: DeployGround
  readonly #goBack: (journal: DeployJournal, cause: Cause) => void
  #watch: Probation | null = null

  /** `goBack`: called when it has failed and that is written down. */
  constructor(ground: DeployGround, goBack: (journal: DeployJournal, cause: Cause) => void) {
    this.#ground = ground
    this.#goBack = goBack
  }

  /** Begins anew with it. */
  watch(record: DeployRecord): void {
    this.end()
    const { clock, state, coordinator } = this.#ground.parts
    const rules = definitionOf(this.#ground.parts).deploy
    const lengthMs = record.probation?.lengthMs ?? rules.probationMs
    const all = Object.values(definitionOf(this.#ground.parts).services).flatMap(({ id, kind, optional }) =>
      kind === 'external' || optional ? [] : [id],
    )
    const watch = new Probation(
      { services: all, lengthMs, graceMs: rules.graceMs },
      {
        clock,
        state,
        stopOrder: (service) => coordinator.stopOrder(service),
        crashed: (sentence) => this.#crashed(record.id, sentence),
        failed: (sentence) => this.#failedOnProbation(record.id, { type: 'failed', blame: true }, sentence),
        passed: () => {
          const now = onProbation(this.#ground.records)
          if (now)
            void this.commit(
              now,
              { type: 'observation', what: 'it was well for long enough' },
              'it was well all the time',
            )
        },
        until: (until) => {
          const now = this.#ground.records.get(record.id)
          if (now?.standing.phase === 'probation')
            void journalOf(now, this.#ground).note({ probation: { until, lengthMs } })
        },
      },
    )
    this.#watch = watch
  }

  #crashed(id: string, sentence: string): void {
    this.#failedOnProbation(id, { type: 'crashed' }, sentence)
  }

  /** A crash that is forgiven is told; anything beyond leads back. */
  #failedOnProbation(id: string, fact: Parameters<DeployJournal['fact']>[0], sentence: string): void {
    const record = this.#ground.records.get(id)
    if (record?.standing.phase !== 'probation') return
    const journal = journalOf(record, this.#ground)
    const change = journal.fact(fact)
    const back = change.standing?.phase === 'rolling-back'
    const cause: Cause = { type: 'observation', what: sentence }
    const { crashes = 0, allowed = 0 } = change.standing ?? {}
    const event = this.#ground.parts.events.emit({
      kind: back ? deployEvents.failed : deployEvents.crashed,
      subject: 'site',
      severity: back ? 'error' : 'warning',
      message: back
        ? `${record.title} failed on probation and is taken back: ${sentence}`
        : `${record.title}, on probation: ${sentence} That was crash ${crashes}; ${allowed} are forgiven.`,
      cause,
      data: { deploy: id, release: record.release },
    })
    if (back) this.end()
    void journal
      .note({ ...change, ...(back && { failure: sentence, sentence: `It failed on probation: ${sentence}` }) })
      .then(() => {
        if (back) this.#goBack(journal, event.cause)
      })
  }

  /** The release is good from now on. Never rejects. */
  async commit(record: DeployRecord, cause: Cause, why: string): Promise<void> {
    const { releases, events, clock, logger } = this.#ground.parts
    const journal = journalOf(record, this.#ground)
    const message = `${record.title} is final: ${why}.`
    const event = events.emit({
      kind: deployEvents.committed,
      subject: 'site',
      severity: 'notice',
      message,
      cause,
      data: { deploy: record.id, release: record.release },
    })
    try {
      await journal.change({
        ...journal.fact({ type: 'done' }),
        endedAt: clock.wall(),
        probation: null,
        sentence: message,
      })
      await releases.mark(record.release, 'good', `It was well on probation: ${why}.`, { cause: event.cause })
      await tidyAfterDeploy(this.#ground, event.cause)
    } catch (error) {
      logger.error('The end of a probation could not be written down; it is looked at again at the next opening.', {
        error: String(error),
      })
    }
  }

  /** Stops watching; what is written down stays. */
  end(): void {
    this.#watch?.[Symbol.dispose]()
    this.#watch = null
  }

  [Symbol.dispose](): void {
    this.end()
  }
}
