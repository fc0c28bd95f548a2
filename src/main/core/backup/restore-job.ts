import { mkdir } from 'node:fs/promises'
import type { JobContext } from '#core/jobs/index.ts'
import { diskProblem } from '#core/platform/index.ts'
import { isWithin } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type Unwell, watchHealth } from './health-watch.ts'
import type { StoredOptions } from './options.ts'
import { type DatabasePlan, databaseFingerprint, filePaths } from './postgres/database-plan.ts'
import { dumpPath } from './postgres/dump-record.ts'
import type { RestoredDatabases } from './postgres/restored-databases.ts'
import { keptOf } from './postgres/stage-databases.ts'
import type { SwapDatabase } from './postgres/swap-record.ts'
import type { Helper } from './program/engine-client.ts'
import type { PlanAnswer } from './program/messages.ts'
import { asProblem } from './program/space.ts'
import { readSnapshot, type Snapshot } from './repository/snapshot-file.ts'
import { finishSwap, removeUndone } from './swap/finish.ts'
import { journalFormat, type SwapJournal, stagingOf, swapFolders, writeJournal } from './swap/journal.ts'
import { makeOldFolders, swapBack, swapForward } from './swap/swap.ts'

export interface RestoreRequest {
  readonly kind: 'restore' | 'undo'
  readonly snapshot: Snapshot
  /** What of it, as path keys; null: everything that it covers. */
  readonly paths: readonly string[] | null
  /** The plan that was seen; null when nobody looked. */
  readonly fingerprint: string | null
  /** "the restore of the snapshot of 5 Jan 2026, 16:00", for sentences. */
  readonly what: string
}

export interface RestorePorts {
  readonly options: StoredOptions
  /** A helper that holds the repository's lock and dies with the job's signal. */
  openHelper(what: string): Promise<Helper>
  /** A helper that nothing stops: for cleaning up. */
  openCleaner(): Helper
  /** Which services use what is swapped: they stop. `all` where that is not known. */
  touched(swap: PlanAnswer['swap'], databases: DatabasePlan): readonly string[] | 'all'
  readonly databases: RestoredDatabases
  /** Whether the console is closing: then services are left to the next opening. */
  closing(): boolean
  /** Aborted when it does. */
  readonly closed: AbortSignal
}

export interface RestoreResult {
  /** Null when the site already was as the snapshot. */
  readonly restorePoint: string | null
  readonly plan: PlanAnswer
  readonly databases: DatabasePlan
  /** Services that did not come back, each with its sentence. */
  readonly failed: readonly { readonly service: string; readonly reason: string }[]
  readonly setAside: string | null
  /** Services that started and were not healthy after the time for that. */
  readonly unwell: readonly Unwell[]
  /** Which services stay stopped because that was ordered while the restore ran, as a sentence; null when none does. */
  readonly stay: string | null
}

export const restoreSteps = [
  { id: 'plan', title: 'Compare the snapshot with the site' },
  { id: 'stage', title: 'Write files and databases beside those in use and check them' },
  { id: 'stop', title: 'Stop the services' },
  { id: 'restore-point', title: 'Keep a restore point of the site as it is' },
  { id: 'swap', title: 'Swap files and databases' },
  { id: 'start', title: 'Start the services' },
  { id: 'watch', title: 'Watch the health of the services' },
  { id: 'finish', title: 'Tidy up' },
] as const

/**
 * Restores a snapshot. Services are stopped before the restore point is taken, so that nothing is written between the two;
 * what changed while the files were staged is compared and staged again then. Until the intent record is written every
 * failure leaves the site as it was; from then on it is finished, or taken back whole.
 */
export async function runRestore(
  request: RestoreRequest,
  ports: RestorePorts,
  context: JobContext,
): Promise<RestoreResult> {
  return new RestoreRun(request, ports, context).run()
}

/** What is prepared beside the site and its servers. */
interface Staged {
  readonly first: PlanAnswer
  readonly databases: DatabasePlan
  readonly exchanged: readonly SwapDatabase[]
}

class RestoreRun {
  readonly #request: RestoreRequest
  readonly #ports: RestorePorts
  readonly #context: JobContext
  readonly #emergencyStops: number
  /** Services that this restore stopped and has not started again. */
  #stopped: readonly string[] | null = null
  /** The swap could neither be finished nor be taken back: nothing may run on what lies there. */
  #mixed = false

  constructor(request: RestoreRequest, ports: RestorePorts, context: JobContext) {
    this.#request = request
    this.#ports = ports
    this.#context = context
    this.#emergencyStops = this.#emergencyStopsNow()
  }

  async run(): Promise<RestoreResult> {
    try {
      await using helper = await this.#ports.openHelper(this.#request.what)
      return await this.#restore(helper)
    } catch (error) {
      await this.#putBack()
      const capital = this.#request.what.charAt(0).toUpperCase() + this.#request.what.slice(1)
      throw this.#mixed ? stuck(capital, error) : diskProblem(asProblem(error, capital), capital)
    }
  }

  async #restore(helper: Helper): Promise<RestoreResult> {
    const { options } = this.#ports
    const { first, databases } = await this.#step('plan', () => this.#plan(helper))
    if (first.swap.length + databases.databases.length === 0) {
      return { restorePoint: null, plan: first, databases, failed: [], unwell: [], setAside: null, stay: null }
    }
    const exchanged = await this.#step('stage', async () => {
      await this.#stage(helper, first, first)
      return await this.#ports.databases.stage(this.#request.snapshot, databases, helper, this.#context)
    })
    this.#reach('restore.after-stage')
    const services = await this.#step('stop', () => this.#stop(first, databases))
    this.#reach('restore.after-stop')
    const staged = { first, databases, exchanged }
    const { plan, journal } = await this.#step('restore-point', () => this.#restorePoint(helper, staged, services))
    this.#reach('restore.after-restore-point')
    const swapped = await this.#step('swap', () => this.#swap(journal))
    this.#reach('restore.swapped')
    await this.#told(options.afterSwap)
    const { failed, stay, started } = await this.#step('start', () => this.#start())
    const unwell = await this.#step('watch', () => this.#watch(started))
    this.#reach('restore.before-commit')
    const setAside = await this.#step('finish', () => this.#finish(helper, swapped))
    return { restorePoint: journal.restorePoint, plan, databases, failed, unwell, setAside, stay }
  }

  async #plan(helper: Helper): Promise<{ readonly first: PlanAnswer; readonly databases: DatabasePlan }> {
    const { snapshot, paths, fingerprint } = this.#request
    const first = await helper.ask('plan', { snapshot: snapshot.id, paths: this.#files() })
    const databases = await this.#ports.databases.plan(snapshot, paths, this.#context.signal)
    if (fingerprint !== null && fingerprint !== first.fingerprint + databaseFingerprint(databases)) {
      throw planOutdated(snapshot.id)
    }
    if (databases.problems.length > 0) throw notRestorable(databases.problems)
    for (const warning of databases.warnings) this.#context.log(warning)
    return { first, databases }
  }

  /** What of the request is files. */
  #files(): string[] | null {
    const files = filePaths(this.#request.paths)
    return files && [...files]
  }

  /** Stages what `plan` swaps and is not staged yet; what is carried over depends on `plan` as a whole. */
  async #stage(helper: Helper, plan: PlanAnswer, toWrite: Pick<PlanAnswer, 'swap'>) {
    return helper.ask('stage', {
      snapshot: this.#request.snapshot.id,
      paths: this.#files(),
      job: this.#context.id,
      swap: toWrite.swap,
      swapped: plan.swap.map(({ key }) => key),
      kept: plan.kept,
    })
  }

  /** Stops what uses the swapped entries, and what needs that. Resolves with what ran and is to run again. */
  async #stop({ swap }: PlanAnswer, databases: DatabasePlan): Promise<readonly string[]> {
    const { services } = this.#ports.options
    const touched = this.#ports.touched(swap, databases)
    const wanted = services.wanted().filter((id) => touched === 'all' || touched.includes(id))
    await this.#context.remember({ ...this.#input(), services: wanted })
    this.#stopped = wanted
    if (touched !== 'all' && wanted.length === 0) return wanted
    const { operation, cause, signal } = this.#context
    const { failed } = await services.stop(touched === 'all' ? 'all' : wanted, {
      cause,
      operation,
      signal,
      onProgress: (done, total) => this.#context.progress(done, total, 'services'),
    })
    signal.throwIfAborted()
    if (failed.length === 0) return wanted
    throw new ConsoleError(
      'services-not-stopped',
      `The restore did not begin because services could not be stopped: ${failed.map(({ service, reason }) => `${service} (${reason})`).join(', ')}.`,
      'Stop them, then restore again. The site was not touched.',
      { params: { services: failed.map(({ service }) => service) } },
    )
  }

  async #restorePoint(
    helper: Helper,
    { first, databases, exchanged }: Staged,
    services: readonly string[],
  ): Promise<{ readonly plan: PlanAnswer; readonly journal: SwapJournal }> {
    const { snapshot, what, kind } = this.#request
    const uncopied = await this.#ports.options.beforeRisk?.(this.#context.signal)
    if (uncopied) this.#context.log(uncopied)
    const plan = await helper.ask('plan', { snapshot: snapshot.id, paths: this.#files() })
    this.#assertStopped(first, plan, databases)
    const staged = new Set(first.swap.flatMap(({ key, what }) => (what === 'delete' ? [] : [key])))
    const later = plan.swap.filter(({ key }) => !staged.has(key))
    const { carried, stranded } = await this.#stage(helper, plan, { swap: later })
    const missing = plan.entries.flatMap((entry) => (entry.what === 'add' ? [entry.path] : []))
    const point = await helper.ask('backup', {
      kind: 'restore-point',
      ...this.#pointScope(plan, databases),
      ...(exchanged.length > 0 && { kept: keptOf(exchanged, databases) }),
      note: '',
      exclude: snapshot.exclude,
      job: this.#context.id,
      before: { what, missing },
    })
    const taken = await readSnapshot(this.#ports.options.storage, point.snapshot)
    for (const warning of taken.warnings) this.#context.log(warning)
    await this.#ports.databases.noteKept(exchanged, this.#context.id, point.snapshot)
    const journal: SwapJournal = {
      format: journalFormat(plan.swap, exchanged),
      job: this.#context.id,
      kind,
      snapshot: snapshot.id,
      restorePoint: point.snapshot,
      what,
      state: 'swapping',
      entries: plan.swap,
      carried,
      keepOld: taken.lost.length > 0 || stranded.length > 0,
      services: [...services],
      ...(exchanged.length > 0 && { databases: [...exchanged] }),
    }
    return { plan, journal }
  }

  /** A restore of some paths keeps just what it swaps, so that its Undo takes nothing else back. */
  #pointScope({ swap }: PlanAnswer, { databases }: DatabasePlan): { scope: Snapshot['scope']; paths: string[] | null } {
    const { snapshot, paths } = this.#request
    if (paths === null && snapshot.scope !== 'paths') return { scope: snapshot.scope, paths: null }
    const exchanged = databases.map(({ service }) => dumpPath(service))
    return { scope: 'paths', paths: [...swap.map(({ key }) => key), ...exchanged] }
  }

  /** What changed while the files were staged must not touch a service that still runs, nor what is staged by halves. */
  #assertStopped(first: PlanAnswer, now: PlanAnswer, databases: DatabasePlan): void {
    const known = first.swap.map(({ key }) => key)
    const later = now.swap.filter(({ key }) => !known.includes(key))
    const touched = this.#ports.touched(now.swap, databases)
    const running = this.#ports.options.services.wanted()
    const half = later.some(({ key }) =>
      known.some((path) => path !== key && (isWithin(path, key) || isWithin(key, path))),
    )
    if (!half && (touched === 'all' || !running.some((id) => touched.includes(id)))) return
    throw planOutdated(this.#request.snapshot.id)
  }

  async #swap(journal: SwapJournal): Promise<SwapJournal> {
    this.#context.signal.throwIfAborted()
    const folders = this.#folders()
    await mkdir(folders.swap, { recursive: true, mode: 0o700 })
    await makeOldFolders(folders, journal)
    this.#context.noReturn('The files are being swapped; stopping now would leave a mixture.')
    await writeJournal(folders, journal)
    this.#reach('restore.intent-written')
    try {
      return await swapForward(folders, journal, this.#ports.options.crashPoints, this.#ports.databases.swap)
    } catch (error) {
      this.#mixed = true
      await swapBack(folders, journal, this.#ports.options.crashPoints, this.#ports.databases.swap)
      await this.#removeSwap(journal)
      this.#mixed = false
      throw notSwapped(error)
    }
  }

  /** Starts what this restore stopped. What somebody has ordered to stop meanwhile stays stopped: that is the last word. */
  async #start(): Promise<Pick<RestoreResult, 'failed' | 'stay'> & { readonly started: readonly string[] }> {
    const stopped = this.#stopped ?? []
    this.#stopped = null
    if (stopped.length === 0 || this.#ports.closing()) return { failed: [], stay: null, started: [] }
    const { operation, cause } = this.#context
    const { services } = this.#ports.options
    const emergency = this.#emergencyStopsNow() !== this.#emergencyStops
    const isOurs = (order: string | null) => order === null || order === operation
    const wanted = emergency ? [] : stopped.filter((id) => isOurs(services.stopOrder(id)))
    const left = stopped.filter((id) => !wanted.includes(id))
    const stay = emergency
      ? 'The services stay stopped, because of an emergency stop while the restore ran.'
      : left.length > 0
        ? `Not started again, because that was ordered while the restore ran: ${left.join(', ')}.`
        : null
    if (stay !== null) this.#context.log(stay)
    if (wanted.length === 0) return { failed: [], stay, started: [] }
    try {
      const order = {
        cause,
        operation,
        onProgress: (done: number, total: number) => this.#context.progress(done, total, 'services'),
      }
      const { failed } = await services.start(wanted, order)
      const started = wanted.filter((id) => !failed.some(({ service }) => service === id))
      return { failed, stay, started }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { failed: wanted.map((service) => ({ service, reason })), stay, started: [] }
    }
  }

  /** A restore of a state that does not run is no rescue: how the services fare is part of its outcome. */
  async #watch(started: readonly string[]): Promise<readonly Unwell[]> {
    const { clock, definition, services, state } = this.#ports.options
    const withinMs = definition()?.backup.watchMs ?? 0
    if (withinMs === 0 || started.length === 0) return []
    const emergency = () => this.#emergencyStopsNow() !== this.#emergencyStops
    const orders = new Map(started.map((id) => [id, services.stopOrder(id)]))
    return await watchHealth(started, withinMs, {
      clock,
      service: (id) => state.slice('services').get(id),
      letGo: (id) => this.#ports.closing() || emergency() || services.stopOrder(id) !== orders.get(id),
      signal: this.#ports.closed,
    })
  }

  async #finish(helper: Helper, journal: SwapJournal): Promise<string | null> {
    // A console that closes leaves the record: the next one tidies up and knows which services are to run.
    if (this.#ports.closing()) return null
    const { options } = this.#ports
    try {
      const remove = (path: string) => helper.ask('remove', { path })
      return await finishSwap(this.#folders(), journal, options.storage, options, remove)
    } catch (error) {
      // The site is restored and runs; its record stays, so that the next opening tidies up.
      options.logger.error('What a restore left over could not be removed.', { error: String(error) })
      return null
    }
  }

  async #removeSwap(journal: SwapJournal): Promise<void> {
    await using cleaner = this.#ports.openCleaner()
    await removeUndone(this.#folders(), journal, (path) => cleaner.ask('remove', { path }))
  }

  /** After a failure before the swap, or one that was taken back: what was staged goes, services come back. */
  async #putBack(): Promise<void> {
    const { logger } = this.#ports.options
    if (this.#mixed) return
    try {
      await using cleaner = this.#ports.openCleaner()
      await cleaner.ask('remove', { path: stagingOf(this.#folders(), this.#context.id) })
    } catch (error) {
      logger.warn('What was staged for a restore could not be removed; it is swept at the next opening.', {
        error: String(error),
      })
    }
    for (const { service, reason } of (await this.#start()).failed) {
      logger.error('A service could not be started again after a restore that did not happen.', { service, reason })
    }
  }

  async #told(afterSwap: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await afterSwap?.()
    } catch (error) {
      this.#context.log(`site.yaml could not be read again: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #input() {
    return { snapshot: this.#request.snapshot.id, kind: this.#request.kind, what: this.#request.what }
  }

  #emergencyStopsNow(): number {
    return this.#ports.options.emergencyStops?.() ?? 0
  }

  #folders() {
    return swapFolders(this.#ports.options.site.directory)
  }

  #step<T>(id: (typeof restoreSteps)[number]['id'], run: () => Promise<T>): Promise<T> {
    return this.#context.step(id, run)
  }

  #reach(point: string): void {
    this.#ports.options.crashPoints.reach(point)
  }
}

function notRestorable(problems: readonly string[]): ConsoleError {
  return new ConsoleError(
    'database-not-restorable',
    `${problems.join(' ')} Nothing was touched.`,
    'Put that right, or choose the files alone: a restore of some paths leaves databases of PostgreSQL as they are.',
  )
}

function planOutdated(snapshot: string): ConsoleError {
  return new ConsoleError(
    'plan-outdated',
    'The site has changed since this restore was looked at, so what was shown is not what would happen. Nothing was touched.',
    'Look at the plan again, then restore.',
    { params: { snapshot } },
  )
}

function stuck(what: string, error: unknown): ConsoleError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'restore-stuck',
    `${what} could neither be finished nor taken back: ${reason.replace(/\.$/, '')}. The site is a mixture of old and new files, and its services stay stopped.`,
    'Put the reason right (free space, rights, cable), then open the site again: that brings it to an end.',
    { cause: error },
  )
}

function notSwapped(error: unknown): ConsoleError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'restore-not-swapped',
    `The restored files could not be put into place: ${reason}. Everything was put back as it was.`,
    'Close programs that use files of the site, check the rights of the site folder, then restore again.',
    { cause: error },
  )
}
