import type { EventLog } from '#core/events/index.ts'
import { type Clock, delay, Listeners, type Logger, newId } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { cancelled, jobBusy, jobUnknown, notCancellable, siteClosing } from './errors.ts'
import { Interrupted } from './interrupted.ts'
import { emitEnded, recordStarted } from './job-events.ts'
import { JobTable } from './job-table.ts'
import { viewAtStart } from './job-views.ts'
import { LogLines } from './log-lines.ts'
import { RunningJob } from './running-job.ts'
import type { InterruptedJob, JobContext, JobOutcome, JobRequest, Jobs } from './types.ts'

export interface JobsOptions {
  /** The control database, with {@link jobsSchema}. */
  readonly database: Database
  readonly events: EventLog
  readonly state: Slice<JobView>
  readonly clock: Clock
  readonly logger: Logger
  /** How long closing waits for running jobs to end after they were asked to; 10 s unless told. */
  readonly closeWithinMs?: number
}

/** Finished jobs that stay in the shown state. */
const shownFinished = 30

/** Opens the jobs of a site: what an earlier run left without its end is in `interrupted`, to be resolved by its owner. */
export async function openJobs(options: JobsOptions): Promise<Jobs> {
  const jobs = new OpenJobs(options)
  await jobs.takeUp()
  return jobs
}

class OpenJobs implements Jobs {
  readonly #options: JobsOptions
  readonly #table: JobTable
  readonly #running = new Map<string, RunningJob>()
  readonly #lanes = new Map<string, JobView>()
  readonly #ends = new Map<string, PromiseWithResolvers<JobView>>()
  readonly #logged: Listeners<string>
  /** Newest last. */
  readonly #shown: string[] = []
  readonly #following: Disposable
  #interrupted: readonly Interrupted[] = []
  #closing: Promise<void> | null = null
  #closed = false

  constructor(options: JobsOptions) {
    this.#options = options
    this.#table = new JobTable(options.database)
    this.#logged = new Listeners((error) =>
      options.logger.error('A listener of jobs failed.', { error: String(error) }),
    )
    this.#following = options.database.onReplaced(() => this.#writeAgain())
  }

  get interrupted(): readonly InterruptedJob[] {
    return this.#interrupted
  }

  /** Shows what earlier runs left behind. */
  async takeUp(): Promise<void> {
    const { events, clock } = this.#options
    for (const view of [...this.#table.finished(shownFinished)].reverse()) this.#showFinished(view)
    this.#interrupted = this.#table.open().map((stored) => {
      this.#ends.set(stored.view.id, Promise.withResolvers())
      const ended = (view: JobView) => this.#ended(view)
      return new Interrupted({ stored, table: this.#table, events, clock, ended })
    })
    for (const job of this.#interrupted) {
      this.#show(job.view)
      await job.tell()
    }
  }

  async start(request: JobRequest, run: (context: JobContext) => Promise<JobOutcome>): Promise<JobView> {
    if (this.#closing) throw siteClosing(request.title)
    const { events, clock } = this.#options
    const { lane } = request
    const taken = lane === null ? undefined : this.#lanes.get(lane)
    if (taken) throw jobBusy(request.title, this.#running.get(taken.id)?.view ?? taken)
    const view = viewAtStart(newId('jb'), request, clock.wall())
    if (lane !== null) this.#lanes.set(lane, view)
    try {
      await this.#table.insert(view, request.input)
      const started = await recordStarted(events, view)
      if (this.#closing) throw siteClosing(request.title)
      const job = this.#runningJob(view, request.input, { type: 'event', id: started.id })
      this.#running.set(view.id, job)
      this.#ends.set(view.id, Promise.withResolvers())
      this.#show(view)
      void this.#runToEnd(job, run, lane)
      return view
    } catch (error) {
      if (lane !== null) this.#lanes.delete(lane)
      await this.#table.remove(view.id).catch(() => {})
      throw error
    }
  }

  async finished(id: string): Promise<JobView> {
    const end = this.#ends.get(id)
    if (end) return await end.promise
    const stored = this.#table.byId(id)
    if (!stored) throw jobUnknown(id)
    return stored.view
  }

  get(id: string): JobView | undefined {
    return this.#running.get(id)?.view ?? this.#interruptedView(id) ?? this.#table.byId(id)?.view
  }

  ofArea(area: string, limit: number) {
    return this.#table.ofArea(area, limit)
  }

  log(id: string): readonly string[] {
    return this.#logOf(id).lines
  }

  logFrom(id: string, position: number): { readonly lines: readonly string[]; readonly next: number } {
    return this.#logOf(id).from(position)
  }

  onLogged(listener: (id: string) => void): Disposable {
    return this.#logged.add(listener)
  }

  running(): readonly JobView[] {
    return [...this.#running.values()].map((job) => job.view)
  }

  async cancel(id: string, cause: Cause): Promise<void> {
    const job = this.#running.get(id)
    if (!job) {
      const view = this.get(id)
      if (!view) throw jobUnknown(id)
      throw notCancellable(view, 'it has already ended.', 'Nothing needs to be done.')
    }
    const { view } = job
    if (!view.cancellable) throw notCancellable(view, 'it must run to its end.', 'Wait until it has ended.')
    if (view.noReturn !== null) throw notCancellable(view, view.noReturn, 'Wait until it has ended.')
    job.abort(cancelled(view.title), cause)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { clock, logger, closeWithinMs = 10_000 } = this.#options
    const cause: Cause = { type: 'console', why: 'the site was closed' }
    for (const job of this.#running.values()) {
      // One that is past its point of no return is safe only when it is finished, so it is waited for and not aborted.
      if (job.view.noReturn === null) job.abort(siteClosing(job.view.title), cause)
    }
    const ends = [...this.#running.keys()].map((id) => this.#ends.get(id)?.promise)
    const waited = new AbortController()
    await Promise.race([Promise.all(ends), delay(clock, closeWithinMs, waited.signal).catch(() => {})])
    waited.abort()
    for (const { view } of this.#running.values()) {
      logger.warn(
        `"${view.title}" did not end while the site was closed; it is found as interrupted at the next start.`,
      )
    }
    this.#following[Symbol.dispose]()
    this.#logged.clear()
    // The shown state outlives the site.
    this.#closed = true
    for (const id of Object.keys(this.#options.state.all())) this.#options.state.delete(id)
  }

  #runningJob(view: JobView, input: Record<string, unknown>, cause: Cause): RunningJob {
    const { clock, logger } = this.#options
    const failed = (error: unknown) =>
      logger.warn(`How far "${view.title}" has come could not be stored.`, { job: view.id, error: String(error) })
    return new RunningJob({
      view,
      input,
      cause,
      clock,
      show: (changed) => this.#show(changed),
      save: (job) => void this.#table.save(job).catch(failed),
      remember: (input) => this.#table.setInput(view.id, input),
      logged: () => this.#logged.tell(view.id),
    })
  }

  async #runToEnd(
    job: RunningJob,
    run: (context: JobContext) => Promise<JobOutcome>,
    lane: string | null,
  ): Promise<void> {
    const { view, cause } = await job.run(run)
    const { events, logger } = this.#options
    try {
      await this.#table.finish(job.stored)
    } catch (error) {
      logger.error(`The end of "${view.title}" could not be stored; it will be found as interrupted.`, {
        job: view.id,
        error: String(error),
      })
    }
    if (view.state === 'completed' || view.state === 'failed' || view.state === 'cancelled') {
      emitEnded(events, view, view.state, cause)
    }
    if (lane !== null) this.#lanes.delete(lane)
    this.#running.delete(view.id)
    this.#ended(view)
    this.#logged.tell(view.id)
  }

  #ended(view: JobView): void {
    this.#showFinished(view)
    this.#ends.get(view.id)?.resolve(view)
    this.#ends.delete(view.id)
  }

  /** What runs, waits to be resolved or is shown must stand in a database that took the place of a damaged one, too. */
  #writeAgain(): void {
    const { state, logger } = this.#options
    const unresolved = this.#interrupted.filter(({ view }) => view.endedAt === null)
    const open = [...this.#running.values(), ...unresolved].map(({ stored }) => stored)
    const ended = Object.values(state.all()).filter(({ endedAt }) => endedAt !== null)
    this.#table.putAgain(open, ended).catch((error: unknown) =>
      logger.warn('Jobs could not be stored in the database that took the place of the damaged one.', {
        error: String(error),
      }),
    )
  }

  #show(view: JobView): void {
    if (!this.#closed) this.#options.state.set(view.id, view)
  }

  #showFinished(view: JobView): void {
    this.#show(view)
    this.#shown.push(view.id)
    for (const id of this.#shown.splice(0, this.#shown.length - shownFinished)) this.#options.state.delete(id)
  }

  #interruptedView(id: string): JobView | undefined {
    return this.#interrupted.find((job) => job.view.id === id)?.view
  }

  #logOf(id: string): LogLines {
    return this.#running.get(id)?.log ?? this.#table.byId(id)?.log ?? new LogLines()
  }
}
