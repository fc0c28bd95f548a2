import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome, Jobs } from '#core/jobs/index.ts'
import { type Clock, type Logger, newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Attempts, NewAttempt } from './attempts.ts'
import { recoveryEvents } from './event-kinds.ts'
import type { AttemptResult, RecoveryAction, StepRun } from './types.ts'
import { stepInWords, subjectInWords } from './words.ts'

export interface ActorParts {
  readonly attempts: Attempts
  readonly jobs: Jobs
  readonly events: EventLog
  readonly seenMs: () => number
  readonly clock: Clock
  readonly logger: Logger
  /** Told when an attempt has begun or ended. */
  readonly onChanged: () => void
}

interface Active {
  readonly policy: string
  readonly subject: string
  readonly touches: readonly string[] | 'all'
  readonly step: number
}

/** The lane of backups, restores and recoveries of databases: only one of them moves files of the site at a time. */
const fileLane = 'backup'

/** Does single steps: records each before it begins and when it ends, runs it as a job, and never two on the same subject. */
export class Actor {
  readonly #parts: ActorParts
  readonly #actions = new Map<string, RecoveryAction>()
  readonly #active = new Set<Active>()

  constructor(parts: ActorParts) {
    this.#parts = parts
  }

  add(action: RecoveryAction): void {
    this.#actions.set(action.name, action)
  }

  action(run: StepRun): RecoveryAction {
    const action = this.#actions.get(run.step.action)
    if (action) return action
    throw new ConsoleError('recovery-action', `Recovery has no way to ${run.step.action}.`, 'Update the console.')
  }

  /** The step that is being done for a policy's subject; null when none is. */
  acting(policy: string, subject: string): number | null {
    return [...this.#active].find((each) => each.policy === policy && each.subject === subject)?.step ?? null
  }

  /** Whether something is being done to what this would touch. */
  busy(run: StepRun): boolean {
    const mine = this.action(run).touches(run)
    return [...this.#active].some(
      ({ subject, touches }) =>
        subject === run.subject || touches === 'all' || mine === 'all' || touches.some((id) => mine.includes(id)),
    )
  }

  /**
   * Begins a step. Resolves with its job once that is on record, and rejects, with the attempt on record too where that is possible,
   * when it could not begin. Throws `recovery-busy` at once while the subject is being worked on.
   */
  async begin(
    run: StepRun,
    step: number,
    cause: Cause,
    manual: boolean,
  ): Promise<{ readonly job: string; readonly ended: Promise<AttemptResult> }> {
    if (this.busy(run)) throw busy(run)
    const { attempts, jobs, seenMs, clock } = this.#parts
    const { policy, subject } = run
    const action = this.action(run)
    const active: Active = { policy: policy.id, subject, touches: action.touches(run), step }
    this.#active.add(active)
    const attempt: NewAttempt = {
      id: newId('rc'),
      policy: policy.id,
      subject,
      step,
      action: run.step.action,
      why: run.why,
      at: clock.wall(),
      seen: seenMs(),
      manual,
    }
    const ended = Promise.withResolvers<AttemptResult>()
    const over = (result: AttemptResult) => {
      this.#active.delete(active)
      ended.resolve(result)
      this.#parts.onChanged()
    }
    let recorded = false
    try {
      await attempts.begin(attempt)
      recorded = true
      const name = subjectInWords(subject)
      const title = `Recovery: ${stepInWords(run.step, name)}, ${name}`
      const { id } = await jobs.start(
        {
          kind: `recovery.${run.step.action}`,
          subject,
          title,
          steps: [{ id: 'act', title: `${policy.title}, step ${step + 1} of ${policy.steps.length}` }],
          cause,
          commandLine: `wheelhouse recovery run ${policy.id} --on ${subject}`,
          input: { attempt: attempt.id },
          lane: action.movesFiles ? fileLane : null,
          cancellable: true,
        },
        async (job) => {
          let result: AttemptResult = 'failed'
          try {
            return await this.#act(run, attempt, action, job, (became) => {
              result = became
            })
          } finally {
            over(result)
          }
        },
      )
      await attempts.named(attempt.id, id).catch(() => {})
      this.#parts.onChanged()
      return { job: id, ended: ended.promise }
    } catch (error) {
      if (recorded) await this.#notBegun(attempt, error)
      over('failed')
      throw error
    }
  }

  async #act(
    run: StepRun,
    attempt: NewAttempt,
    action: RecoveryAction,
    job: JobContext,
    became: (result: AttemptResult) => void,
  ): Promise<JobOutcome> {
    job.log(`Why: ${run.why}`)
    try {
      const { result, sentence } = await job.step('act', () => action.act(run, job))
      became(result)
      await this.#end(run, attempt, result, sentence, job)
      return { message: sentence, data: { policy: run.policy.id, result } }
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error)
      const result = job.signal.aborted ? 'cancelled' : 'failed'
      became(result)
      await this.#end(run, attempt, result, sentence, job)
      throw error
    }
  }

  async #end(
    run: StepRun,
    attempt: NewAttempt,
    result: AttemptResult,
    sentence: string,
    job: JobContext,
  ): Promise<void> {
    const { attempts, events, seenMs, logger } = this.#parts
    const ms = Math.round(seenMs() - attempt.seen)
    const event = events.emit({
      kind: recoveryEvents.acted,
      subject: attempt.subject,
      severity: result === 'done' ? 'notice' : result === 'nothing' ? 'info' : 'warning',
      message: `Recovery of ${subjectInWords(attempt.subject)} (${run.policy.title}, step ${attempt.step + 1}): ${sentence}`,
      cause: job.cause,
      operation: job.operation,
      data: { policy: attempt.policy, step: attempt.step, action: attempt.action, result, ms, why: attempt.why },
    })
    try {
      await attempts.end(attempt, { seen: seenMs(), ms, result, sentence, event: event.id })
    } catch (error) {
      logger.warn('The end of an attempt of recovery could not be stored.', {
        attempt: attempt.id,
        error: String(error),
      })
    }
  }

  /** One that the file lane held up is tried again soon, and would be on record each time: who asked for it tells that once. */
  async #notBegun(attempt: NewAttempt, error: unknown): Promise<void> {
    const { attempts, seenMs } = this.#parts
    if (isLaneBusy(error)) return await attempts.withdraw(attempt.id).catch(() => {})
    const sentence = error instanceof Error ? error.message : String(error)
    await attempts.end(attempt, { seen: seenMs(), ms: 0, result: 'failed', sentence, event: null }).catch(() => {})
  }
}

/** A backup, a restore or another recovery moves files of the site. */
export function isLaneBusy(error: unknown): error is ConsoleError {
  return error instanceof ConsoleError && error.problem.code === 'job-busy'
}

function busy({ subject }: StepRun): ConsoleError {
  return new ConsoleError(
    'recovery-busy',
    `Recovery is already working on ${subjectInWords(subject)}, or on a service that this would touch.`,
    'Wait until that has ended; it is shown among the jobs.',
    { retryable: true },
  )
}
