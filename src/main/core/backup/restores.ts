import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import type { Losses, RestorePlan } from '#shared/contract/index.ts'
import { isWithin, shownKey } from '#shared/path-key.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Catalogue } from './catalogue.ts'
import type { Conditions } from './conditions.ts'
import { lossesOf } from './losses/losses.ts'
import { assertNoDeploy } from './not-while-deploying.ts'
import type { StoredOptions } from './options.ts'
import { type DatabasePlan, filePaths } from './postgres/database-plan.ts'
import { dumpsFolder } from './postgres/dump-record.ts'
import type { RestoredDatabases } from './postgres/restored-databases.ts'
import type { Helper } from './program/engine-client.ts'
import type { PlanAnswer } from './program/messages.ts'
import { readAgain } from './read-again.ts'
import type { Snapshot } from './repository/snapshot-file.ts'
import { type RestorePorts, restoreSteps, runRestore } from './restore-job.ts'
import { restoreOutcome } from './restore-outcome.ts'
import { restorePlan } from './restore-plan.ts'
import { restoreCommand } from './restore-words.ts'
import { type TouchedService, touchedServices } from './touched-services.ts'
import { isGood, nameOf } from './views.ts'

export interface RestoresPorts {
  readonly options: StoredOptions
  readonly catalogue: Catalogue
  readonly conditions: Conditions
  readonly databases: RestoredDatabases
  /** Aborted when the console closes. */
  readonly closing: AbortSignal
  /** Title of the copy that a restore would cut off; null: none runs. */
  cutsOff(): string | null
  openReader(signal?: AbortSignal): Helper
  openLocked(context: JobContext, what: string): Promise<Helper>
  openCleaner(): Helper
  refresh(): Promise<void>
  start(
    request: Omit<JobRequest, 'cause' | 'lane'>,
    cause: Cause,
    run: (context: JobContext) => Promise<JobOutcome>,
  ): Promise<{ job: string }>
}

interface Wanted {
  readonly fingerprint: string | null
  readonly cause: Cause
  /** The job that this is a part of. */
  readonly within?: string
}

/** Restores of a site and their undoing: planned, then done as jobs. */
export class Restores {
  readonly #ports: RestoresPorts

  constructor(ports: RestoresPorts) {
    this.#ports = ports
  }

  async plan(snapshot: Snapshot, paths: readonly string[] | null, undo: boolean): Promise<RestorePlan> {
    const { options, catalogue, refresh, cutsOff } = this.#ports
    const again = { refresh, choose: (id: string) => catalogue.choose(id) }
    const [answer, databases] = await Promise.all([
      readAgain([snapshot.id], again, async () => {
        await using helper = this.#ports.openReader()
        return await helper.ask('plan', { snapshot: snapshot.id, paths: filesOf(paths) })
      }),
      this.#ports.databases.plan(snapshot, paths, this.#ports.closing),
    ])
    const touched = (await this.#touching(snapshot, paths))(answer.swap, databases)
    const plan = restorePlan(snapshot, answer, {
      databases,
      zone: options.site.zone,
      paths: pathsOf(snapshot, paths),
      services: options.services.wanted(),
      touched,
      undo,
      newestFull: catalogue.snapshots.findLast((each) => each.kind === 'full' && isGood(each)),
    })
    const copy = cutsOff()
    if (copy === null || answer.swap.length === 0) return plan
    return { ...plan, notes: [...plan.notes, `“${copy}” is cut off for this and goes on afterwards.`] }
  }

  async losses(snapshot: Snapshot, paths: readonly string[] | null, signal?: AbortSignal): Promise<Losses> {
    const { options, closing } = this.#ports
    await using helper = this.#ports.openReader(signal)
    const plan = await helper.ask('plan', { snapshot: snapshot.id, paths: filesOf(paths) })
    const databases = await this.#ports.databases.plan(snapshot, paths, signal)
    return await lossesOf(snapshot, plan, helper, {
      site: options.site,
      databases,
      leftAlone: this.#ports.databases.leftAlone(databases),
      servers: this.#ports.databases.ports,
      runtime: options.runtime,
      clock: options.clock,
      journalledSince: options.journalledSince ?? null,
      signal: signal ? AbortSignal.any([signal, closing]) : closing,
    })
  }

  async restore(snapshot: Snapshot, paths: readonly string[] | null, wanted: Wanted): Promise<{ job: string }> {
    const name = nameOf(snapshot, this.#ports.options.site.zone)
    const what = paths === null ? `the restore of ${name}` : `the restore of ${pathsInWords(paths)} from ${name}`
    return this.#start('restore', snapshot, paths, what, wanted)
  }

  async undo(snapshot: Snapshot, wanted: Wanted): Promise<{ job: string }> {
    // The chain of restores is not repeated in each name: one step back is enough to know.
    const what = snapshot.before?.what.startsWith('undoing ')
      ? 'undoing the last undo'
      : `undoing ${snapshot.before?.what}`
    return this.#start('undo', snapshot, null, what, wanted)
  }

  async #start(
    kind: 'restore' | 'undo',
    snapshot: Snapshot,
    paths: readonly string[] | null,
    what: string,
    { fingerprint, cause, within }: Wanted,
  ): Promise<{ job: string }> {
    const { options, closing, conditions } = this.#ports
    const { site, jobs } = options
    assertNoDeploy(jobs.running(), within)
    const name = nameOf(snapshot, site.zone)
    const restored = paths === null ? name : `${pathsInWords(paths)} from ${name}`
    const request = {
      kind: kind === 'undo' ? 'restore.undo' : 'restore.run',
      subject: kind === 'undo' ? 'site' : `snapshot:${snapshot.id}`,
      title: kind === 'undo' ? `Undo on ${site.name}` : `Restore ${restored}`,
      steps: restoreSteps,
      commandLine: kind === 'undo' ? 'wheelhouse undo' : restoreCommand(snapshot.id, paths),
      input: { snapshot: snapshot.id, kind, what },
      cancellable: true,
    }
    const touching = await this.#touching(snapshot, paths)
    return this.#ports.start(request, cause, async (context) => {
      assertNoDeploy(jobs.running(), within) // one may have begun meanwhile; it then refuses as well, or waits for this
      const ports: RestorePorts = {
        options,
        openHelper: (task) => this.#ports.openLocked(context, task),
        openCleaner: () => this.#ports.openCleaner(),
        databases: this.#ports.databases,
        touched: (swap, databases) => {
          const touched = touching(swap, databases)
          return touched === 'all' ? 'all' : touched.map(({ service }) => service)
        },
        closing: () => closing.aborted,
        closed: closing,
      }
      try {
        const result = await runRestore({ kind, snapshot, paths, fingerprint, what }, ports, context)
        return restoreOutcome({ kind, what, result, context }, options)
      } catch (error) {
        conditions.restoreFailed(what, error, context)
        throw error
      } finally {
        await this.#ports.refresh()
        this.#ports.databases.ended(context.id)
      }
    })
  }

  /** Who is touched by a swap; everybody by a restore of everything. */
  async #touching(
    snapshot: Snapshot,
    paths: readonly string[] | null,
  ): Promise<(swap: PlanAnswer['swap'], databases: DatabasePlan) => readonly TouchedService[] | 'all'> {
    if (pathsOf(snapshot, paths) === null) return () => 'all'
    const { definition, site } = this.#ports.options
    const release = await readlink(join(site.directory, 'current')).catch(() => null)
    const ground = { directory: site.directory, release: release?.replace(/^\.\/|\/+$/g, '') ?? null }
    return (swap, { databases }) =>
      touchedServices(
        definition(),
        swap.map(({ key }) => shownKey(key)),
        ground,
        databases.map(({ service }) => service),
      )
  }
}

/** What is restored: what was asked for, or all that a restore point of some paths covers. */
function pathsOf(snapshot: Snapshot, paths: readonly string[] | null): readonly string[] | null {
  return paths ?? (snapshot.scope === 'paths' ? (snapshot.paths ?? []) : null)
}

/** "data/app.db", "data/app.db and 2 more". */
function pathsInWords(paths: readonly string[]): string {
  const [first = ''] = paths
  const name = isWithin(first, dumpsFolder)
    ? `the database ${shownKey(first).slice(dumpsFolder.length + 1)}`
    : shownKey(first)
  return paths.length === 1 ? name : `${name} and ${paths.length - 1} more`
}

/** Of what is asked for, the paths of files: databases of servers are planned apart. */
function filesOf(paths: readonly string[] | null): string[] | null {
  const files = filePaths(paths)
  return files && [...files]
}
