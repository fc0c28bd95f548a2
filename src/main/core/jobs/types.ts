import type { JobView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** What to run as a job: persisted, with steps, progress, cancel, log and a completion marker. */
export interface JobRequest {
  /** `area.verb`: `backup.create`, `restore.run`, `services.start`. */
  readonly kind: string
  /** What it acts on: `site`, `service:api`, `snapshot:sn-…`. */
  readonly subject: string
  /** Shown in the tray: "Back up ConsultEase". */
  readonly title: string
  /** The steps that are known beforehand, in order. */
  readonly steps: readonly { readonly id: string; readonly title: string }[]
  readonly cause: Cause
  /** The same thing on the command line: "wheelhouse backup". */
  readonly commandLine: string
  /** Whatever its owner needs to find its way after a crash; JSON. */
  readonly input: Record<string, unknown>
  /** Jobs of one lane run one at a time; a second one is refused with `job-busy`. `null`: any number. */
  readonly lane: string | null
  readonly cancellable: boolean
}

export interface JobContext {
  readonly id: string
  /** The operation id that goes into events, logs and children's environment. Equals the job's id. */
  readonly operation: string
  /** The job's own "started" event, as a cause for what it does. */
  readonly cause: Cause
  /** Aborted by cancel and by closing the site. */
  readonly signal: AbortSignal
  /** Runs one step; its failure carries the step's title. */
  step<T>(id: string, run: () => Promise<T>): Promise<T>
  /** Progress within the running step. `total` 0 means unknown. */
  progress(done: number, total: number, unit: 'files' | 'bytes' | 'services' | 'entries' | 'messages'): void
  log(line: string): void
  /**
   * From here on cancel is refused with this reason, and closing the site waits instead of aborting: the job has reached a
   * point where only finishing is safe. Throws the signal's reason when the job was aborted before it got here.
   */
  noReturn(reason: string): void
  /** Changes the stored input durably, before the effect that needs it after a crash. */
  remember(input: Record<string, unknown>): Promise<void>
}

/** What became of a job: a sentence and facts for the screen. */
export interface JobOutcome {
  readonly message: string
  readonly data?: Record<string, unknown>
}

export interface Jobs extends AsyncDisposable {
  /**
   * Persists the job and starts it. Resolves with its view as soon as the record and its event are durable.
   * Rejects with `job-busy` when its lane is taken, naming the job that runs.
   */
  start(request: JobRequest, run: (context: JobContext) => Promise<JobOutcome>): Promise<JobView>
  /** Resolves with the final view. */
  finished(id: string): Promise<JobView>
  get(id: string): JobView | undefined
  /** The newest 2,000 lines, of running and finished jobs. */
  log(id: string): readonly string[]
  /**
   * The lines from a position on, counted from the job's first line ever, and the position to go on from. Lines that are no
   * longer kept are left out.
   */
  logFrom(id: string, position: number): { readonly lines: readonly string[]; readonly next: number }
  /** Told with a job's id when it has written to its log. */
  onLogged(listener: (id: string) => void): Disposable
  running(): readonly JobView[]
  /** Asks a running job to stop. Rejects with `job-not-cancellable` and its reason. */
  cancel(id: string, cause: Cause): Promise<void>
  /** The newest jobs of an area (`services`), newest first, with what they were given; at most `limit`, ended or not. */
  ofArea(area: string, limit: number): readonly { readonly view: JobView; readonly input: Record<string, unknown> }[]
  /** Jobs without a completion marker, found at opening: power or the console went while they ran. */
  readonly interrupted: readonly InterruptedJob[]
}

export interface InterruptedJob {
  readonly view: JobView
  readonly input: Record<string, unknown>
  /** The owner says what it did about it: the job ends as `failed` or `completed` with this outcome. */
  resolve(state: 'completed' | 'failed', outcome: JobOutcome): Promise<void>
}
