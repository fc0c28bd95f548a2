import type { Clock } from '#core/platform/index.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { failureSentence } from './errors.ts'
import type { StoredJob } from './job-table.ts'
import { withEnd, withStepEnded, withStepStarted } from './job-views.ts'
import { LogLines } from './log-lines.ts'
import type { JobContext, JobOutcome } from './types.ts'

/** Progress is shown at most this often; a step's start and end at once. */
const leastMsBetweenProgress = 250

export interface RunningJobParts {
  readonly view: JobView
  readonly input: Record<string, unknown>
  readonly cause: Cause
  readonly clock: Clock
  /** Shows the view. */
  readonly show: (view: JobView) => void
  /** Stores it as it is: called when a step starts. */
  readonly save: (job: StoredJob) => void
  readonly remember: (input: Record<string, unknown>) => Promise<void>
  readonly logged: () => void
}

/** One job while it runs. */
export class RunningJob {
  readonly log = new LogLines()
  readonly #parts: RunningJobParts
  readonly #abort = new AbortController()
  #view: JobView
  #input: Record<string, unknown>
  #failedStep: string | null = null
  #shownAt = Number.NEGATIVE_INFINITY
  #showing: Disposable | undefined
  #abortedFor: { readonly error: Error; readonly cause: Cause } | null = null

  constructor(parts: RunningJobParts) {
    this.#parts = parts
    this.#view = parts.view
    this.#input = parts.input
  }

  get view(): JobView {
    return this.#view
  }

  /** All that must be on record of it. */
  get stored(): StoredJob {
    return { view: this.#view, input: this.#input, log: this.log, toldInterrupted: false }
  }

  /** Asks the job to stop. The first reason stays. */
  abort(error: Error, cause: Cause): void {
    if (this.#abortedFor) return
    this.#abortedFor = { error, cause }
    this.#abort.abort(error)
  }

  /**
   * Runs it to its end. Resolves with the final view and what brought it about; never rejects. A job that fails after it was
   * asked to stop has been cancelled, one that completes all the same has completed.
   */
  async run(
    run: (context: JobContext) => Promise<JobOutcome>,
  ): Promise<{ readonly view: JobView; readonly cause: Cause }> {
    const { clock, cause } = this.#parts
    try {
      const outcome = await run(this.#context())
      this.#view = withEnd(this.#view, 'completed', { ...outcome, remedy: null }, clock.wall())
      return { view: this.#view, cause }
    } catch (error) {
      if (this.#abortedFor) {
        const end = { message: this.#abortedFor.error.message, remedy: null }
        this.#view = withEnd(this.#view, 'cancelled', end, clock.wall())
        return { view: this.#view, cause: this.#abortedFor.cause }
      }
      const failure = failureSentence(this.#view, this.#failedStep, error)
      this.log.add(failure.message)
      this.#view = withEnd(this.#view, 'failed', failure, clock.wall())
      return { view: this.#view, cause }
    } finally {
      this.#showing?.[Symbol.dispose]()
      this.#showing = undefined
    }
  }

  #context(): JobContext {
    const { clock, cause, save, remember, logged } = this.#parts
    const { id } = this.#view
    const { signal } = this.#abort
    return {
      id,
      operation: id,
      cause,
      signal,
      step: async (step, run) => {
        signal.throwIfAborted()
        this.#failedStep = null
        this.#change(withStepStarted(this.#view, step, clock.wall()))
        save(this.stored)
        try {
          const result = await run()
          this.#change(withStepEnded(this.#view, step, 'done', clock.wall()))
          return result
        } catch (error) {
          // The innermost step that failed is the one to name.
          this.#failedStep ??= this.#view.steps.find(({ id }) => id === step)?.title ?? step
          this.#change(withStepEnded(this.#view, step, 'failed', clock.wall()))
          throw error
        }
      },
      progress: (done, total, unit) => {
        if (this.#view.state !== 'running') return
        this.#view = { ...this.#view, progress: { done, total, unit } }
        this.#showSoon()
      },
      log: (line) => {
        this.log.add(line)
        logged()
      },
      noReturn: (reason) => {
        signal.throwIfAborted()
        this.#change({ ...this.#view, noReturn: reason })
      },
      remember: (input) => {
        this.#input = input
        return remember(input)
      },
    }
  }

  /** Whatever a job still does after its end changes nothing. */
  #change(view: JobView): void {
    if (this.#view.state !== 'running') return
    this.#view = view
    this.#showNow()
  }

  #showNow(): void {
    this.#showing?.[Symbol.dispose]()
    this.#showing = undefined
    this.#shownAt = this.#parts.clock.monotonic()
    this.#parts.show(this.#view)
  }

  #showSoon(): void {
    if (this.#showing) return
    const wait = leastMsBetweenProgress - (this.#parts.clock.monotonic() - this.#shownAt)
    if (wait <= 0) this.#showNow()
    else this.#showing = this.#parts.clock.after(wait, () => this.#showNow())
  }
}
