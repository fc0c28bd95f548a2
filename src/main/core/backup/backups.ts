import type { InterruptedJob, JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import { systemVolumes } from '#core/platform/index.ts'
import type { BackupsView, Losses, RestorePlan, SnapshotView, TargetView } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { Catalogue } from './catalogue.ts'
import { Conditions } from './conditions.ts'
import { Encryption } from './encryption/backup-encryption.ts'
import { RepositoryKey } from './encryption/repository-key.ts'
import { Keeping } from './keeping/keeping.ts'
import { KeepingRecords } from './keeping/records.ts'
import { type BackupsOptions, type StoredOptions, secretsOf } from './options.ts'
import { postgresOf } from './postgres/access.ts'
import { RestoredDatabases } from './postgres/restored-databases.ts'
import { Helper, type HelperOptions } from './program/engine-client.ts'
import type { HelloSecrets } from './program/messages.ts'
import { recoverInterrupted } from './recovery.ts'
import type { StorageAddress } from './repository/open-storage.ts'
import { SealedStorage } from './repository/sealed-storage.ts'
import { markSnapshot } from './repository/snapshot-file.ts'
import { Restores } from './restores.ts'
import { countedFrom, Schedule, type ScheduledKind, type Timetable } from './schedule.ts'
import { openSnapshotCopies, type SnapshotCopies } from './snapshot-copies.ts'
import { openSnapshotFiles, type SnapshotFiles } from './snapshot-files.ts'
import { runCreate, runVerify } from './snapshot-jobs.ts'
import { snapshotSource } from './snapshot-source.ts'
import { ChosenTarget } from './targets/chosen-target.ts'
import { Copies } from './targets/copies.ts'
import { CopyRecords } from './targets/copy-records.ts'
import { isAbsence } from './targets/target-address.ts'
import type { Backups, SnapshotSource } from './types.ts'
import { UsedRepository } from './used-repository.ts'
import { nameOf, snapshotView } from './views.ts'

const lane = 'backup'
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
  readonly #key: RepositoryKey
  readonly encryption: Encryption
  readonly #conditions: Conditions
  readonly #databases: RestoredDatabases
  readonly #restores: Restores
  readonly files: SnapshotFiles & AsyncDisposable
  readonly #records: KeepingRecords
  readonly keeping: Keeping
  readonly copies: SnapshotCopies
  readonly #copies: Copies
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  readonly #openedAt: number
  #schedule: Schedule | undefined
  #owed: readonly string[] = []

  constructor(options: StoredOptions) {
    this.#options = options
    this.#repository = new UsedRepository(options)
    const wish = options.encryption ?? (() => ({ secret: options.definition()?.backup.encryption?.secret ?? null }))
    this.#key = new RepositoryKey({
      storage: options.storage,
      wish,
      secrets: secretsOf(options),
      used: this.#repository,
      openHelper: () => this.#helper({ signal: this.#closing.signal }, null),
    })
    this.encryption = new Encryption({
      options,
      wish,
      key: this.#key,
      openLocked: (what) => this.#lockedHelper({ signal: this.#closing.signal, progress() {} }, what, false),
      openHelper: () => this.#helper({ signal: this.#closing.signal }, null),
      refresh: () => this.refresh(),
    })
    this.#catalogue = new Catalogue(options, this.encryption)
    this.#records = new KeepingRecords(options)
    this.#openedAt = options.clock.wall()
    this.#copies = this.#makeCopies()
    this.source = snapshotSource({
      catalogue: this.#catalogue,
      storage: options.storage,
      zone: options.site.zone,
      openHelper: (context, what) => this.#lockedHelper(context, what, false),
      openCleaner: () => this.#cleaner(),
      refresh: () => this.refresh(),
    })
    this.#conditions = new Conditions(options, this.#catalogue, (now, cause) =>
      this.keeping.facts(now, this.#openedAt, cause),
    )
    this.keeping = new Keeping({
      options,
      catalogue: this.#catalogue,
      records: this.#records,
      start: (request, cause, run) => this.#start(request, cause, run),
      openHelper: (context, what) => this.#lockedHelper(context, what, false),
      openReader: () => this.#helper({ signal: this.#closing.signal }, this.#key.forHelper(false)),
      timetable: (kind) => this.#timetable(kind),
      triedAt: (kind) => this.#conditions.lastAttempt(kind),
      refresh: () => this.refresh(),
    })
    this.files = openSnapshotFiles({
      clock: options.clock,
      catalogue: this.#catalogue,
      openReader: (signal) => this.#helper({ signal }, this.#key.forHelper(false)),
    })
    this.copies = openSnapshotCopies({
      catalogue: this.#catalogue,
      zone: options.site.zone,
      openLocked: (context, what, create) => this.#lockedHelper(context, what, create),
      refresh: () => this.refresh(),
      start: (request, cause, run) => this.#start(request, cause, run),
    })
    this.#databases = new RestoredDatabases(options, this.#catalogue, this.#closing.signal)
    this.#restores = new Restores({
      options,
      databases: this.#databases,
      catalogue: this.#catalogue,
      conditions: this.#conditions,
      closing: this.#closing.signal,
      openReader: (signal) =>
        this.#helper(
          { signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal },
          this.#key.forHelper(false),
        ),
      openLocked: (context, what) => this.#lockedHelper(context, what, false),
      openCleaner: () => this.#cleaner(),
      refresh: () => this.refresh(),
      start: (request, cause, run) => this.#start(request, cause, run),
    })
  }

  async create({ kind, note, cause }: { kind: 'full' | 'data'; note: string; cause: Cause }): Promise<{ job: string }> {
    const { site, chosen } = this.#options
    chosen.assertMain()
    const databases = postgresOf(this.#options.definition(), site.directory).filter(({ held }) => held)
    const request = {
      kind: 'backup.create',
      subject: 'site',
      title: kind === 'full' ? `Back up ${site.name}` : `Back up the data of ${site.name}`,
      steps: [
        ...(databases.length > 0 ? [{ id: 'databases', title: 'Dump the databases of PostgreSQL' }] : []),
        { id: 'capture', title: 'Store what is new and read it back' },
        { id: 'tidy', title: 'Apply the rules for old snapshots' },
      ],
      commandLine: kind === 'full' ? 'wheelhouse backup' : 'wheelhouse backup --data',
      input: { kind, note },
      cancellable: true,
    }
    const started = await this.#start(request, cause, (context) =>
      runCreate(
        context,
        { kind, note, scheduled: cause.type === 'schedule', databases },
        {
          options: this.#options,
          catalogue: this.#catalogue,
          conditions: this.#conditions,
          openHelper: (what) => this.#lockedHelper(context, what, true),
          refresh: () => this.refresh(),
          keeping: this.keeping,
        },
      ),
    )
    void this.#options.jobs.finished(started.job).then(() => this.#copies.catchUp(cause))
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
  }): Promise<{ job: string }> {
    return this.#restores.restore(this.#catalogue.choose(request.snapshot), request.paths ?? null, request)
  }

  async undo(request: { fingerprint: string | null; cause: Cause }): Promise<{ job: string }> {
    return this.#restores.undo(this.#catalogue.undoTarget(), request)
  }

  async verify({ snapshot, cause }: { snapshot: string; cause: Cause }): Promise<{ job: string }> {
    const chosen = this.#catalogue.choose(snapshot)
    const request = {
      kind: 'backup.verify',
      subject: `snapshot:${chosen.id}`,
      title: `Verify ${nameOf(chosen, this.#options.site.zone)}`,
      steps: [{ id: 'verify', title: 'Read everything back and open the databases' }],
      commandLine: `wheelhouse verify ${chosen.id}`,
      input: { snapshot: chosen.id },
      cancellable: true,
    }
    return this.#start(request, cause, (context) =>
      runVerify(context, chosen, {
        options: this.#options,
        conditions: this.#conditions,
        openHelper: (what) => this.#lockedHelper(context, what, false),
        refresh: () => this.refresh(),
      }),
    )
  }

  async pin(snapshot: string, pinned: boolean): Promise<void> {
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
      openCleaner: () => this.#cleaner(),
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
    this.#closing.abort(closed())
    await Promise.allSettled(this.#running)
    await this.#databases.sweep()
    await this.files[Symbol.asyncDispose]()
    this.#repository[Symbol.dispose]()
    this.#options.storage[Symbol.dispose]()
    this.#records[Symbol.dispose]()
  }

  async #start(
    request: Omit<JobRequest, 'cause' | 'lane'>,
    cause: Cause,
    run: (context: JobContext) => Promise<JobOutcome>,
  ): Promise<{ job: string }> {
    if (this.#closing.signal.aborted) throw closed()
    const view = await this.#options.jobs.start({ ...request, cause, lane }, (context) => {
      const running = run(context)
      this.#running.add(running)
      return running.finally(() => this.#running.delete(running))
    })
    return { job: view.id }
  }

  async #lockedHelper(
    context: Pick<JobContext, 'signal' | 'progress'>,
    what: string,
    create: boolean,
  ): Promise<Helper> {
    // What was wrong when somebody last looked may be right by now: a drive was plugged in.
    if (create && this.#catalogue.problem) await this.refresh()
    if (create && this.#catalogue.problem) throw this.#catalogue.problem
    const helper = this.#helper(
      {
        signal: AbortSignal.any([context.signal, this.#closing.signal]),
        onProgress: (done, total, unit) => context.progress(done, total, unit),
      },
      this.#key.forHelper(create),
    )
    try {
      const { repository, key } = await helper.ask('lock', { what, create })
      await this.#repository.note(repository)
      // A repository that was made a moment ago: from now on the console can read it too.
      this.#key.note(repository, key)
      return helper
    } catch (error) {
      await helper[Symbol.asyncDispose]()
      throw error
    }
  }

  #cleaner(): Helper {
    return this.#helper({}, null, null)
  }

  /**
   * `secrets`: null for a helper that has no business with the content of the repository; `target`: null for one that has none with the
   * repository at all. Throws `target-absent` else.
   */
  #helper(
    more: Pick<HelperOptions, 'signal' | 'onProgress'>,
    secrets: HelloSecrets | null,
    target: StorageAddress | null = this.#options.chosen.address(),
  ): Helper {
    const { runtime, site, logger, crashPoints } = this.#options
    const { id, name, directory } = site
    return new Helper({
      runtime,
      target,
      site: { id, name, directory },
      logger,
      crashPoints,
      ...(secrets && { secrets }),
      ...more,
    })
  }

  #judge(): void {
    this.#conditions.judge(this.#options.clock.wall())
    this.keeping.publish()
    this.encryption.judge()
  }

  #makeCopies(): Copies {
    const { chosen, clock, logger, state, site, jobs, database } = this.#options
    return new Copies({
      chosen,
      records: new CopyRecords(database, clock),
      clock,
      logger,
      slice: state.slice('targets'),
      catalogue: this.#catalogue,
      start: ({ copy, place }, cause, run) => {
        const request = {
          kind: 'backup.copy',
          subject: 'site',
          title: `Copy the backups of ${site.name} to ${place}`,
          steps: [{ id: 'copy', title: 'Copy what is missing there and read it back' }],
          commandLine: `wheelhouse backups copy ${copy}`,
          input: { copy },
          cancellable: true,
        }
        return this.#start(request, cause, run)
      },
      finished: (job) => jobs.finished(job),
      openHelper: (context, what) => this.#lockedHelper(context, what, false),
      told: (copy, problem, cause) => this.#conditions.copied(copy, problem, cause),
    })
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

function closed(): ConsoleError {
  return new ConsoleError(
    'site-closing',
    'The site is being closed, so the work on its backups was stopped.',
    'Open the site again and repeat it.',
    { retryable: true },
  )
}
