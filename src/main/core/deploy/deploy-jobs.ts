import type { JobContext, JobOutcome } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { outdated, plannedOn } from './agreement.ts'
import { failedCard } from './cards.ts'
import { deployJobSteps, runDeploy } from './deploy-run.ts'
import { commandLineOf } from './deploy-view.ts'
import { deployEvents } from './event-kinds.ts'
import { type DeployGround, definitionOf, journalOf, onProbation } from './ground.ts'
import type { DeployJournal } from './journal.ts'
import { newRecord } from './new-record.ts'
import { nameOf, type Planned, type PlanWish, refusal } from './plan.ts'
import type { ProbationKeeper } from './probation-keeper.ts'
import type { DeployRecord } from './record.ts'
import { endedEarly } from './recover.ts'
import { assertNotHeld } from './site-holder.ts'
import { tidyAfterDeploy } from './tidy.ts'
import { runWayBack, wayBackSteps } from './way-back.ts'
import { checksNow } from './wellness.ts'

const lane = 'deploy'
/** Until a way back that could not be begun is tried again. Milliseconds. */
const againMs = 5_000

/** The jobs that exchange the site: one at a time. */
export class DeployJobs implements Disposable {
  readonly #ground: DeployGround
  readonly #probation: ProbationKeeper
  #retry: Disposable | null = null

  constructor(ground: DeployGround, probation: ProbationKeeper) {
    this.#ground = ground
    this.#probation = probation
  }

  [Symbol.dispose](): void {
    this.#retry?.[Symbol.dispose]()
  }

  /** Begins a deploy or a roll-back as it was planned. */
  async begin(wish: PlanWish, planned: Planned, cause: Cause): Promise<{ readonly job: string }> {
    const { jobs, clock, events, attention } = this.#ground.parts
    const { plan, target } = planned
    const title = wish.kind === 'deploy' ? `Deploy ${nameOf(target)}` : `Roll back to ${nameOf(target)}`
    const view = await jobs.start(
      {
        kind: wish.kind === 'deploy' ? 'deploy.run' : 'deploy.roll-back',
        subject: 'site',
        title,
        steps: deployJobSteps,
        cause,
        commandLine: plan.commandLine,
        input: { release: target.id, from: plan.from },
        lane,
        cancellable: true,
      },
      async (context) => {
        const before = onProbation(this.#ground.records)
        this.#probation.end()
        const allowed = (planned.config.definition ?? definitionOf(this.#ground.parts)).deploy.attempts
        const record = newRecord(context, wish, planned, { title, at: clock.wall(), cause, allowed })
        const journal = journalOf(record, this.#ground)
        events.emit({
          kind: deployEvents.begun,
          subject: 'site',
          severity: 'notice',
          message: plan.sentence,
          cause: context.cause,
          operation: context.operation,
          data: { deploy: record.id, release: record.release, from: record.from },
        })
        attention.clear(failedCard, context.cause)
        try {
          return await this.#run(journal, wish, planned, context)
        } finally {
          await this.#goOnAfter(before, journal.record)
        }
      },
    )
    return { job: view.id }
  }

  async #run(journal: DeployJournal, wish: PlanWish, first: Planned, context: JobContext): Promise<JobOutcome> {
    const { state, verification, events } = this.#ground.parts
    try {
      const outcome = await runDeploy(
        journal,
        {
          next: first.config.definition ?? definitionOf(this.#ground.parts),
          validate: async () => {
            const { plan } = await plannedOn(this.#ground, { ...wish, asking: context.id }, context.signal)
            if (plan.fingerprint !== first.plan.fingerprint) throw outdated(plan.release)
            if (plan.refusal !== null) throw refusal(plan)
            const checks = await checksNow(verification, state)
            return {
              findings: plan.findings,
              passed: checks.flatMap(({ id, state: found }) => (found === 'passed' ? [id] : [])),
            }
          },
        },
        this.#ground.parts,
        context,
        this.#ground.closing,
      )
      await this.#inUse(journal.record, context)
      return outcome
    } catch (error) {
      if (journal.record.standing.phase === 'refused') {
        events.emit({
          kind: deployEvents.refused,
          subject: 'site',
          severity: 'warning',
          message: `${journal.record.title}: ${journal.record.sentence}`,
          cause: context.cause,
          operation: context.operation,
          data: { deploy: journal.record.id },
        })
      }
      throw error
    }
  }

  /** What was on probation goes on with it, when it is in use still; else nothing is known against it. */
  async #goOnAfter(before: DeployRecord | undefined, { standing }: DeployRecord): Promise<void> {
    if (!before || this.#ground.closing.aborted) return
    const now = this.#ground.records.get(before.id)
    if (now?.standing.phase !== 'probation') return
    if (standing.phase === 'refused' || standing.phase === 'rolled-back') this.#probation.watch(now)
    else if (standing.phase === 'probation' || standing.phase === 'committed') {
      await journalOf(now, this.#ground).note(endedEarly(now, this.#ground.parts.clock.wall()))
    }
  }

  /** It runs on the other release now. */
  async #inUse(record: DeployRecord, context: JobContext): Promise<void> {
    const { events, releases } = this.#ground.parts
    const { cause, operation } = context
    const event = events.emit({
      kind: record.kind === 'deploy' ? deployEvents.onProbation : deployEvents.rolledBack,
      subject: 'site',
      severity: 'notice',
      message: `${record.sentence} The services were away for ${((record.downMs ?? 0) / 1_000).toFixed(1)} s.`,
      cause,
      operation,
      data: { deploy: record.id, release: record.release, downMs: record.downMs },
    })
    if (record.standing.phase === 'probation') this.#probation.watch(record)
    else {
      await releases.mark(record.release, 'good', 'It was gone back to, and the site was well.', {
        cause: event.cause,
        operation,
      })
      await tidyAfterDeploy(this.#ground, event.cause)
    }
  }

  /** Begins the way back of a deploy; `mayStart` is called once services may be started on what lies there. Rejects with `site-held`. */
  async beginWayBack(
    journal: DeployJournal,
    cause: Cause,
    mayStart: () => void = () => {},
  ): Promise<{ readonly job: string }> {
    const { jobs } = this.#ground.parts
    const { record } = journal
    assertNotHeld(jobs.running())
    const view = await jobs.start(
      {
        kind: 'deploy.roll-back',
        subject: 'site',
        title: `Take back: ${record.title}`,
        steps: wayBackSteps,
        cause,
        commandLine: commandLineOf({ kind: 'roll-back', release: record.from, takeBack: record.takeBack }),
        input: { deploy: record.id },
        lane,
        cancellable: false,
      },
      async (context) => {
        try {
          // A restore may have begun in the same moment; this is tried again then.
          assertNotHeld(jobs.running().filter(({ id }) => id !== context.id))
          context.noReturn('The site is being brought back to what was before.')
          await journal.note({ job: context.id })
          await runWayBack(journal, this.#ground.parts, context, this.#ground.closing, (id, run) =>
            context.step(id, () => {
              if (id === 'start') mayStart()
              return run()
            }),
          )
        } finally {
          mayStart()
        }
        const { sentence, standing } = journal.record
        if (standing.phase === 'stuck') {
          throw new ConsoleError('deploy-stuck', sentence, 'The card on Overview says what to do.', {
            params: { deploy: record.id },
          })
        }
        return { message: sentence, data: { deploy: record.id } }
      },
    )
    return { job: view.id }
  }

  /** Begins the way back, again and again until that can be done; the next opening does it otherwise. */
  goBackSoon(journal: DeployJournal, cause: Cause): void {
    if (this.#ground.closing.aborted || !isOwed(journal, this.#ground)) return
    this.beginWayBack(journal, cause).catch((error: unknown) => {
      const { logger } = this.#ground.parts
      logger.error('A deploy could not be taken back at once; it is tried again.', { error: String(error) })
      this.goBackLater(journal, cause)
    })
  }

  /** The same after a pause. */
  goBackLater(journal: DeployJournal, cause: Cause): void {
    if (this.#ground.closing.aborted) return
    this.#retry?.[Symbol.dispose]()
    this.#retry = this.#ground.parts.clock.after(againMs, () => this.goBackSoon(journal, cause))
  }
}

/** Whether nobody has brought it to its end meanwhile. */
function isOwed({ record }: DeployJournal, { records }: DeployGround): boolean {
  return records.get(record.id)?.standing.phase === 'rolling-back'
}
