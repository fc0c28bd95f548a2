import type { Attention } from '#core/attention/index.ts'
import type { ChosenSnapshot, SnapshotSource } from '#core/backup/index.ts'
import type { SiteDefinition } from '#core/config/index.ts'
import type { Coordinator } from '#core/coordinator/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome, JobRequest, Jobs } from '#core/jobs/index.ts'
import type { Clock, CrashPoints, Logger, Prefix, Processes, Runtime } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { RehearsalBoard } from './board.ts'
import { OneRehearsal, rehearsalSteps } from './rehearsal-run.ts'
import { Sandboxes } from './sandboxes.ts'
import { RehearsalSchedule } from './schedule.ts'
import { RehearsalRecords } from './tables.ts'
import { RehearsalTold } from './told.ts'
import type { Rehearsals } from './types.ts'

export interface RehearsalsParts {
  readonly site: { readonly directory: string; readonly own: string; readonly name: string }
  /** The console's own sample needs no trust. */
  readonly sample: boolean
  readonly profile: string | null
  /** The user's data folder, with what is trusted and the secrets. */
  readonly userData: string
  readonly source: SnapshotSource
  readonly services: Pick<Coordinator, 'emergencyStops'>
  /** The control database, with `rehearsalsSchema`. */
  readonly database: Database
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly state: StateHub
  readonly processes: Processes
  /** What begins a program in a network of its own; null where that is not possible. */
  readonly apart: () => Promise<Prefix | null>
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
}

/** Opens the rehearsals of a site. What one that the console did not live to end left is ended before this resolves. */
export async function openRehearsals(parts: RehearsalsParts): Promise<Rehearsals> {
  const rehearsals = new SiteRehearsals(parts)
  await rehearsals.takeUp()
  return rehearsals
}

/** Jobs that change what a rehearsal would measure, or that it would be in the way of. */
const inTheWay = /^(backup|restore|deploy|drill|units)\.|^database\.recover$/

class SiteRehearsals implements Rehearsals {
  readonly #parts: RehearsalsParts
  readonly #records: RehearsalRecords
  readonly #sandboxes: Sandboxes
  readonly #board: RehearsalBoard
  readonly #told: RehearsalTold
  readonly #running = new Set<Promise<unknown>>()
  #schedule: RehearsalSchedule | undefined
  #definition: SiteDefinition | null = null
  #sweeping: Promise<unknown> = Promise.resolve()

  constructor(parts: RehearsalsParts) {
    this.#parts = parts
    const { site, processes, source, clock, logger, state, events, attention } = parts
    this.#records = new RehearsalRecords(parts.database)
    this.#sandboxes = new Sandboxes({
      site,
      folder: () => this.#definition?.backup.rehearsal.folder ?? null,
      processes,
      source,
      clock,
      logger,
    })
    this.#board = new RehearsalBoard({
      state,
      clock,
      timetable: () => this.#timetable(),
      since: () => this.#since(),
    })
    this.#told = new RehearsalTold({ events, attention, clock, board: this.#board })
  }

  async takeUp(): Promise<void> {
    const { clock } = this.#parts
    this.#board.take(this.#records.all())
    for (const run of this.#board.runs()) {
      if (run.state !== 'running') continue
      const sentence = 'The console ended while it ran; nothing is known of the snapshot from it.'
      await this.#put({ ...run, state: 'interrupted', endedAt: clock.wall(), sentence })
    }
    await this.#sweep()
  }

  async configure(definition: SiteDefinition): Promise<void> {
    const before = this.#definition?.backup.rehearsal.folder ?? null
    this.#definition = definition
    if (definition.backup.rehearsal.folder !== before) await this.#sweep()
    this.#board.show()
  }

  async run({
    snapshot,
    keep,
    cause,
  }: {
    snapshot: string | null
    keep: boolean
    cause: Cause
  }): Promise<{ readonly job: string }> {
    const { jobs, source } = this.#parts
    const definition = this.#definition
    if (!definition) throw notLoaded()
    const busy = jobs.running().find(({ kind }) => inTheWay.test(kind))
    if (busy) throw busyWith(busy.title, busy.id)
    const chosen = source.choose(snapshot)
    this.#board.wait(null)
    const view = await jobs.start(requestOf(chosen, keep, cause), (context) => {
      const running = this.#conduct(chosen, keep, definition, cause, context)
      this.#running.add(running)
      return running.finally(() => this.#running.delete(running))
    })
    return { job: view.id }
  }

  history(): readonly RehearsalRun[] {
    return this.#board.runs()
  }

  startSchedule(): void {
    const { clock, logger } = this.#parts
    this.#schedule ??= new RehearsalSchedule({
      clock,
      timetable: () => this.#timetable(),
      since: () => this.#since(),
      run: async () => {
        const { job } = await this.run({ snapshot: null, keep: false, cause: { type: 'schedule', name: 'rehearsal' } })
        await this.#parts.jobs.finished(job)
      },
      onRefused: (error) => {
        const why = error instanceof Error ? error.message : String(error)
        this.#board.wait(why)
        logger.info('A scheduled rehearsal has to wait.', { reason: why })
      },
      onLook: () => {
        this.#board.show()
        this.#told.judge(this.#timetable(), this.#firstSnapshotAt())
      },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#schedule?.[Symbol.dispose]()
    // Its job is aborted by whoever closes the site; what it started is ended before the parts that it needs are closed.
    await Promise.allSettled(this.#running)
    this.#board[Symbol.dispose]()
  }

  async #conduct(
    chosen: ChosenSnapshot,
    keep: boolean,
    definition: SiteDefinition,
    cause: Cause,
    job: JobContext,
  ): Promise<JobOutcome> {
    const { site, sample, profile, userData, source, services, runtime, clock, logger, crashPoints, apart } =
      this.#parts
    await this.#sweeping
    const run = runOf(chosen, job.id, clock.wall(), cause)
    await this.#put(run)
    const begun = this.#told.started(run, chosen, job)
    const one = new OneRehearsal(
      {
        source,
        sandboxes: this.#sandboxes,
        live: { directory: site.directory, userData, sample, profile },
        ports: () => Object.values(definition.services).flatMap(({ ports }) => Object.values(ports)),
        limits: definition.backup.rehearsal,
        runtime,
        clock,
        logger,
        crashPoints,
        apart,
        emergencyStops: () => services.emergencyStops,
        onChanged: async (changed) => {
          await this.#put(changed)
          if (changed.endedAt === null) return
          await this.#mark(changed)
          this.#told.ended(changed, begun, job)
        },
      },
      { chosen, keep },
      job,
      run,
    )
    return await one.conduct()
  }

  async #mark({ state, snapshot, at, verdict, sentence, totalMs }: RehearsalRun): Promise<void> {
    if (state !== 'completed' || verdict === null) return
    const { source, logger } = this.#parts
    await source
      .mark(snapshot, { at, verdict, note: sentence, totalMs })
      .catch((error: unknown) =>
        logger.warn('What came of a rehearsal could not be recorded with its snapshot.', { error: String(error) }),
      )
  }

  async #put(run: RehearsalRun): Promise<void> {
    this.#board.put(run)
    await this.#records
      .put(run)
      .catch((error: unknown) =>
        this.#parts.logger.warn('A rehearsal could not be recorded.', { error: String(error) }),
      )
  }

  /** Ends at once what runs in sandboxes that an earlier console left, and removes them when there is time. Those that were kept stay. */
  async #sweep(): Promise<void> {
    const { logger } = this.#parts
    const kept = new Set(this.#board.runs().flatMap((run) => run.kept ?? []))
    const left = (await this.#sandboxes.left()).filter((folder) => !kept.has(folder))
    for (const folder of left) {
      const ended = await this.#sandboxes.end(folder)
      this.#told.swept(folder, ended)
    }
    this.#sweeping = (async () => {
      for (const folder of left) await this.#sandboxes.remove(folder)
    })().catch((error: unknown) => logger.warn('A sandbox could not be removed.', { error: String(error) }))
  }

  #timetable(): { readonly cron: string; readonly zone: string } | null {
    const definition = this.#definition
    const cron = definition?.backup.rehearsal.schedule
    return definition && cron && definition.parts.backups !== false ? { cron, zone: definition.zone } : null
  }

  /** From when on the next date counts: the last rehearsal that was tried, else the first snapshot there is. */
  #since(): number | null {
    const tried = this.#board.runs().find(({ state }) => state === 'completed' || state === 'not made')
    const now = this.#parts.clock.wall()
    const since = tried?.at ?? this.#firstSnapshotAt()
    // A clock that was set back makes what was counted from a date of the future.
    return since === null ? null : Math.min(since, now)
  }

  #firstSnapshotAt(): number | null {
    const good = Object.values(this.#parts.state.slice('snapshots').all()).filter(
      ({ kind, partial, verified }) => kind !== 'restore-point' && !partial && verified?.ok,
    )
    return good.length === 0 ? null : Math.min(...good.map(({ at }) => at))
  }
}

function runOf({ id, at, kind, code }: ChosenSnapshot, job: string, now: number, cause: Cause): RehearsalRun {
  return {
    id: job,
    at: now,
    endedAt: null,
    cause,
    snapshot: id,
    snapshotAt: at,
    snapshotKind: kind,
    code: code?.id ?? null,
    state: 'running',
    verdict: null,
    sentence: 'It runs.',
    reasons: [],
    notes: [],
    apart: null,
    files: null,
    bytes: null,
    restoreMs: null,
    startMs: null,
    healthyMs: null,
    totalMs: null,
    services: [],
    checks: null,
    kept: null,
  }
}

function requestOf(chosen: ChosenSnapshot, keep: boolean, cause: Cause): JobRequest {
  return {
    kind: 'backup.rehearse',
    subject: `snapshot:${chosen.id}`,
    title: `Rehearse ${chosen.name}`,
    steps: rehearsalSteps,
    cause,
    commandLine: `wheelhouse backups rehearse ${chosen.id}${keep ? ' --keep' : ''}`,
    input: { snapshot: chosen.id, keep },
    lane: 'backup',
    cancellable: true,
  }
}

function notLoaded(): ConsoleError {
  return new ConsoleError(
    'site-not-loaded',
    'Nothing can be rehearsed because site.yaml is not in use.',
    'Put right what is shown about site.yaml, or look through the site and trust it.',
  )
}

function busyWith(title: string, job: string): ConsoleError {
  return new ConsoleError(
    'rehearsal-busy',
    `Nothing is rehearsed while "${title}" runs.`,
    'Wait until that has ended.',
    { params: { job }, retryable: true },
  )
}
