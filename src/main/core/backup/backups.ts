import type { InterruptedJob, JobContext } from '#core/jobs/index.ts'
import { systemVolumes } from '#core/platform/index.ts'
import type { BackupsView, Losses, RestorePlan, SnapshotView, TargetView } from '#shared/contract/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { Catalogue } from './catalogue.ts'
import { Conditions } from './conditions.ts'
import { Encryption } from './encryption/backup-encryption.ts'
import { RepositoryKey } from './encryption/repository-key.ts'
import { JobLane } from './job-lane.ts'
import { Keeping } from './keeping/keeping.ts'
import { KeepingRecords } from './keeping/records.ts'
import { type BackupsOptions, type StoredOptions, secretsOf } from './options.ts'
import { postgresOf } from './postgres/access.ts'
import { RestoredDatabases } from './postgres/restored-databases.ts'
import { Helpers } from './program/helpers.ts'
import { recoverInterrupted } from './recovery.ts'
import { SealedStorage } from './repository/sealed-storage.ts'
import { markSnapshot } from './repository/snapshot-file.ts'
import { Restores } from './restores.ts'
import { countedFrom, Schedule, type ScheduledKind, type Timetable } from './schedule.ts'
import { openSnapshotCopies, type SnapshotCopies } from './snapshot-copies.ts'
import { openSnapshotFiles, type SnapshotFiles } from './snapshot-files.ts'
import { createRequest, runCreate, runVerify, verifyRequest } from './snapshot-jobs.ts'
import { snapshotSource } from './snapshot-source.ts'
import { ChosenTarget } from './targets/chosen-target.ts'
import { Copies } from './targets/copies.ts'
import { CopyRecords } from './targets/copy-records.ts'
import { isAbsence } from './targets/target-address.ts'
import type { Backups, SnapshotSource } from './types.ts'
import { UsedRepository } from './used-repository.ts'
import { snapshotView } from './views.ts'

/** Opens the backups of a site: reads what there is and publishes it. Starts nothing, makes no folder. */
export async function openBackups(options: BackupsOptions): Promise<Backups> {
  const chosen = new ChosenTarget({
    main: options.target ?? { kind: 'folder', folder: options.folder },
    definition: options.apart ? () => null : options.definition,
    secrets: secretsOf(options),
    volumes: options.volumes ?? systemVolumes(),
    database: options.database,
    clock: options.clock,
  })
  const backups = new OpenBackups({ ...options, chosen, storage: new SealedStorage(chosen.storage) })
  await backups.refresh()
  return backups
}

class OpenBackups implements Backups {
  readonly source: SnapshotSource
  readonly #options: StoredOptions
  readonly #catalogue: Catalogue
  readonly #repository: UsedRepository
  readonly #helpers: Helpers
  readonly #lane: JobLane
  readonly encryption: Encryption
  readonly #conditions: Conditions
  readonly #databases: RestoredDatabases
  readonly #restores: Restores
  readonly files: SnapshotFiles & AsyncDisposable
  readonly #records: KeepingRecords
  readonly keeping: Keeping
  readonly copies: SnapshotCopies
  readonly #copies: Copies
  #schedule: Schedule | undefined
  #owed: readonly string[] = []

  constructor(options: StoredOptions) {
    this.#options = options
    const { chosen, clock, storage, site, jobs, database } = options
    const { zone } = site
    this.#repository = new UsedRepository(options)
    this.#lane = new JobLane(jobs)
    const wish = options.encryption ?? (() => ({ secret: options.definition()?.backup.encryption?.secret ?? null }))
    const helpers = new Helpers({
      options,
      key: () => key,
      repository: this.#repository,
      closing: this.#lane.closing,
      assertUsable: () => this.#assertUsable(),
    })
    this.#helpers = helpers
    const key = new RepositoryKey({
      storage,
      wish,
      secrets: secretsOf(options),
      used: this.#repository,
      openHelper: () => helpers.withoutKey(),
    })
    const refresh = () => this.refresh()
    const start = this.#lane.start.bind(this.#lane)
    const openHelper = (context: Pick<JobContext, 'signal' | 'progress'>, what: string) =>
      helpers.locked(context, what, false)
    const openCleaner = () => helpers.cleaner()
    this.encryption = new Encryption({
      options,
      wish,
      key,
      openLocked: (what) => helpers.lockedForNow(what),
      openHelper: () => helpers.withoutKey(),
      refresh,
    })
    const catalogue = new Catalogue(options, this.encryption)
    this.#catalogue = catalogue
    this.#records = new KeepingRecords(options)
    const openedAt = clock.wall()
    this.#conditions = new Conditions(options, catalogue, (now, cause) => this.keeping.facts(now, openedAt, cause))
    this.#copies = new Copies({
      chosen,
      records: new CopyRecords(database, clock),
      clock,
      logger: options.logger,
      slice: options.state.slice('targets'),
      catalogue,
      name: site.name,
      start,
      finished: (job) => jobs.finished(job),
      openHelper,
      told: (copy, problem, cause) => this.#conditions.copied(copy, problem, cause),
    })
    this.source = snapshotSource({ catalogue, storage, zone, openHelper, openCleaner, refresh })
    this.keeping = new Keeping({
      options,
      catalogue,
      records: this.#records,
      start,
      openHelper,
      openReader: () => helpers.reader(),
      timetable: (kind) => this.#timetable(kind),
      triedAt: (kind) => this.#conditions.lastAttempt(kind),
      refresh,
    })
    this.files = openSnapshotFiles({ clock, catalogue, openReader: (signal) => helpers.reader(signal), refresh })
    this.copies = openSnapshotCopies({
      catalogue,
      zone,
      place: { site, jobs, exports: options.exports ?? null },
      assertMain: (what) => chosen.assertMain(what),
      openCleaner,
      openLocked: (context, what, create) => helpers.locked(context, what, create),
      refresh,
      start,
    })
    this.#databases = new RestoredDatabases(options, catalogue, this.#lane.closing)
    this.#restores = new Restores({
      options,
      databases: this.#databases,
      catalogue,
      conditions: this.#conditions,
      closing: this.#lane.closing,
      cutsOff: () => this.#lane.runningCopy()?.title ?? null,
      openReader: (signal) => helpers.reader(signal),
      openLocked: openHelper,
      openCleaner,
      refresh,
      start,
    })
  }

  async create({ kind, note, cause }: { kind: 'full' | 'data'; note: string; cause: Cause }): Promise<{ job: string }> {
    const { site, chosen, jobs } = this.#options
    chosen.assertMain('no backup is taken')
    const databases = postgresOf(this.#options.definition(), site.directory).filter(({ held }) => held)
    const scheduled = cause.type === 'schedule'
    const request = createRequest({ kind, note, dumps: databases.length > 0 }, site.name)
    const started = await this.#lane.start(request, cause, (context) =>
      runCreate(
        context,
        { kind, note, scheduled, databases },
        {
          options: this.#options,
          catalogue: this.#catalogue,
          conditions: this.#conditions,
          openHelper: (what) => this.#helpers.locked(context, what, true),
          refresh: () => this.refresh(),
          keeping: this.keeping,
        },
      ),
    )
    void jobs.finished(started.job).then(() => this.#copies.catchUp(cause))
    return started
  }

  snapshots(): readonly SnapshotView[] {
    return this.#catalogue.snapshots.map(snapshotView)
  }

  overview(): BackupsView {
    return this.#catalogue.view()
  }

  async plan(snapshot: string | null, paths: readonly string[] | null = null): Promise<RestorePlan> {
    return this.#restores.plan(this.#catalogue.choose(snapshot), paths, false)
  }

  async losses(snapshot: string, paths: readonly string[] | null = null, signal?: AbortSignal): Promise<Losses> {
    return this.#restores.losses(this.#catalogue.choose(snapshot), paths, signal)
  }

  async planUndo(): Promise<RestorePlan> {
    return this.#restores.plan(this.#catalogue.undoTarget(), null, true)
  }

  async restore(request: {
    snapshot: string | null
    paths?: readonly string[] | null
    fingerprint: string | null
    cause: Cause
    within?: string
  }): Promise<{ job: string }> {
    return this.#restores.restore(this.#catalogue.choose(request.snapshot), request.paths ?? null, request)
  }

  async undo(request: { fingerprint: string | null; cause: Cause }): Promise<{ job: string }> {
    return this.#restores.undo(this.#catalogue.undoTarget(), request)
  }

  async verify({ snapshot, cause }: { snapshot: string; cause: Cause }): Promise<{ job: string }> {
    const chosen = this.#catalogue.choose(snapshot)
    return this.#lane.start(verifyRequest(chosen, this.#options.site.zone), cause, (context) =>
      runVerify(context, chosen, {
        options: this.#options,
        conditions: this.#conditions,
        openHelper: (what) => this.#helpers.locked(context, what, false),
        refresh: () => this.refresh(),
      }),
    )
  }

  async pin(snapshot: string, pinned: boolean): Promise<void> {
    this.#options.chosen.assertMain(pinned ? 'nothing is pinned' : 'nothing is let go')
    const { id } = this.#catalogue.choose(snapshot)
    await markSnapshot(this.#options.storage, id, { what: 'pinned', pinned })
    await this.refresh()
  }

  async targets(): Promise<readonly TargetView[]> {
    await this.refresh()
    return this.#copies.views()
  }

  copy({ copy, cause }: { copy: string; cause: Cause }): Promise<{ job: string }> {
    return this.#copies.run(copy, cause)
  }

  async useCopy(copy: string | null): Promise<void> {
    await this.#options.chosen.use(copy)
    await this.refresh()
  }

  async recover(interrupted: readonly InterruptedJob[]): Promise<readonly string[]> {
    const recovered = await recoverInterrupted(interrupted, {
      options: this.#options,
      snapshots: this.#catalogue.snapshots,
      openCleaner: () => this.#helpers.cleaner(),
    })
    this.#owed = recovered.services
    await this.refresh()
    return recovered.sentences
  }

  owedServices(): readonly string[] {
    return this.#owed
  }

  startSchedule(): void {
    this.#schedule ??= new Schedule({
      clock: this.#options.clock,
      timetable: (kind) => this.#timetable(kind),
      run: async (kind) => {
        if (this.#catalogue.problem) await this.refresh()
        this.#options.chosen.address()
        const cause: Cause = { type: 'schedule', name: kind === 'full' ? 'full backup' : 'data backup' }
        const { job } = await this.create({ kind, note: '', cause })
        await this.#options.jobs.finished(job)
      },
      paused: () => this.#options.paused?.() ?? null,
      onLook: (nextAt) => {
        this.#catalogue.showNext(nextAt)
        this.#judge()
      },
      onError: (error) => {
        // A drive that is not plugged in is seen on screen; what is due stays so and is made up for.
        if (!isAbsence(error)) this.#options.logger.info('A scheduled snapshot has to wait.', { reason: String(error) })
      },
    })
    this.#copies.begin()
    void this.refresh()
  }

  async refresh(): Promise<void> {
    await this.#catalogue.refresh(this.#schedule?.nextAt() ?? null)
    await this.#copies.refresh()
    this.#judge()
    // A restore point that was removed gives up the database that it kept.
    void this.#databases.sweep()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#schedule?.[Symbol.dispose]()
    this.#copies[Symbol.dispose]()
    await this.#lane[Symbol.asyncDispose]()
    await this.#databases.sweep()
    await this.files[Symbol.asyncDispose]()
    this.#repository[Symbol.dispose]()
    this.#options.storage[Symbol.dispose]()
    this.#records[Symbol.dispose]()
  }

  /** What was wrong when somebody last looked may be right by now: a drive was plugged in. */
  async #assertUsable(): Promise<void> {
    if (this.#catalogue.problem) await this.refresh()
    if (this.#catalogue.problem) throw this.#catalogue.problem
  }

  #judge(): void {
    this.#conditions.judge(this.#options.clock.wall())
    this.keeping.publish()
    this.encryption.judge()
  }

  #timetable(kind: ScheduledKind): Timetable | null {
    const definition = this.#options.definition()
    const cron = definition?.backup.schedule[kind]
    if (!definition || !cron || definition.parts.backups === false) return null
    // A failed attempt counts too, so that a full disk is tried again at the next date and not every few seconds.
    const taken = this.#catalogue.snapshots.flatMap((each) =>
      each.kind === kind || each.kind === 'full' ? each.at : [],
    )
    const moments = [...taken, this.#conditions.lastAttempt(kind)]
    const since = countedFrom(moments, this.#records.scheduledSince(kind), this.#options.clock.wall())
    return { cron, zone: definition.zone, since }
  }
}
