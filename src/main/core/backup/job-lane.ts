import type { JobContext, JobOutcome, JobRequest, Jobs } from '#core/jobs/index.ts'
import type { JobView } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'

const lane = 'backup'
/** Brings a second place up to date: it can be cut off at any moment and goes on where it was. */
export const copyKind = 'backup.copy'

/**
 * The one thing at a time that is done with the backups of a site. What somebody waits for goes before a copy to a second place: that is
 * cut off and caught up afterwards.
 */
export class JobLane implements AsyncDisposable {
  readonly #jobs: Jobs
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<unknown>>()

  constructor(jobs: Jobs) {
    this.#jobs = jobs
  }

  /** Aborted when the site closes. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** The copy that runs and that any other job will cut off. */
  runningCopy(): JobView | undefined {
    return this.#jobs.running().find(({ kind }) => kind === copyKind)
  }

  /** Rejects with `job-busy` while anything but a copy runs, and with `site-closing`. */
  async start(
    request: Omit<JobRequest, 'cause' | 'lane'>,
    cause: Cause,
    run: (context: JobContext) => Promise<JobOutcome>,
  ): Promise<{ job: string }> {
    this.#closing.signal.throwIfAborted()
    if (request.kind !== copyKind) await this.#cutOffCopy(cause)
    const view = await this.#jobs.start({ ...request, cause, lane }, (context) => {
      const running = run(context)
      this.#running.add(running)
      return running.finally(() => this.#running.delete(running))
    })
    return { job: view.id }
  }

  /** Ends what runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(closed())
    await Promise.allSettled(this.#running)
  }

  async #cutOffCopy(cause: Cause): Promise<void> {
    const copy = this.runningCopy()
    if (!copy) return
    // It may have ended by itself in this very moment.
    await this.#jobs.cancel(copy.id, cause).catch(() => {})
    await this.#jobs.finished(copy.id)
  }
}

function closed(): ConsoleError {
  return new ConsoleError(
    'site-closing',
    'The site is being closed, so the work on its backups was stopped.',
    'Open the site again and repeat it.',
    { retryable: true },
  )
}
