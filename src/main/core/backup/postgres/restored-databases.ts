import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalogue } from '../catalogue.ts'
import { type StoredOptions, secretsOf } from '../options.ts'
import type { Helper } from '../program/engine-client.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import { stagingOf, swapFolders } from '../swap/journal.ts'
import { postgresOf } from './access.ts'
import { BesideRecords } from './beside-records.ts'
import { type BesideFacts, sweepBeside } from './beside-sweep.ts'
import { type DatabasePlan, planDatabases } from './database-plan.ts'
import type { ServerPorts } from './server-session.ts'
import { stageDatabases } from './stage-databases.ts'
import { type DatabaseSwap, databaseSwap } from './swap-databases.ts'
import type { SwapDatabase } from './swap-record.ts'

export interface StageContext {
  readonly id: string
  readonly signal: AbortSignal
  log(line: string): void
}

/** How long the dropping of a database that could not be dropped waits for its next try. Milliseconds. */
const againMs = 60_000

/** What restores do with databases of PostgreSQL, and what becomes of those that they made or set aside. */
export class RestoredDatabases {
  readonly swap: DatabaseSwap
  readonly ports: ServerPorts
  readonly #options: StoredOptions
  readonly #catalogue: Catalogue
  readonly #records: BesideRecords
  readonly #closing: AbortSignal
  readonly #active = new Set<string>()
  #sweeping: Promise<void> | null = null
  #again = false
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(options: StoredOptions, catalogue: Catalogue, closing: AbortSignal) {
    this.#options = options
    this.#catalogue = catalogue
    this.#closing = closing
    this.ports = { clock: options.clock, secret: secretsOf(options) }
    this.swap = databaseSwap(this.ports)
    this.#records = new BesideRecords(options.database, options.clock)
  }

  /** What a restore would do with databases; see {@link planDatabases}. */
  plan(snapshot: Snapshot, paths: readonly string[] | null, signal?: AbortSignal): Promise<DatabasePlan> {
    const { definition, site } = this.#options
    const sources = postgresOf(definition(), site.directory)
    return planDatabases(snapshot, paths, { ...this.ports, sources, records: this.#records, signal })
  }

  /** Services that declare a database which a plan leaves alone. */
  leftAlone({ databases }: DatabasePlan): readonly string[] {
    return postgresOf(this.#options.definition(), this.#options.site.directory)
      .map(({ service }) => service)
      .filter((id) => !databases.some(({ service }) => service === id))
  }

  async stage(
    snapshot: Snapshot,
    plan: DatabasePlan,
    helper: Helper,
    context: StageContext,
  ): Promise<readonly SwapDatabase[]> {
    const { site, postgresPrograms, runtime } = this.#options
    this.#active.add(context.id)
    return await stageDatabases(snapshot.id, plan, {
      ...this.ports,
      runtime,
      programs: postgresPrograms,
      records: this.#records,
      helper,
      folder: join(stagingOf(swapFolders(site.directory), context.id), 'databases'),
      job: context.id,
      signal: context.signal,
      log: (line) => context.log(line),
    })
  }

  /** Remembers what a swap will set aside, before its record is written. */
  async noteKept(databases: readonly SwapDatabase[], job: string, restorePoint: string): Promise<void> {
    const repository = this.#catalogue.repository
    for (const { access, kept } of databases) {
      if (kept !== null) await this.#records.note({ name: kept, access, job, restorePoint, repository })
    }
  }

  /** A restore has come to its end: what it made and nobody needs goes. */
  ended(job: string): void {
    this.#active.delete(job)
    this.#notBefore = Number.NEGATIVE_INFINITY
    void this.sweep()
  }

  /** Drops what no restore and no restore point needs; after a failure not before a minute has passed. Never rejects. */
  sweep(): Promise<void> {
    // What is known may have changed since the one that runs has looked.
    this.#again = this.#sweeping !== null
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null
    })
    return this.#sweeping
  }

  async #sweep(): Promise<void> {
    const { clock, logger } = this.#options
    do {
      this.#again = false
      if (this.#closing.aborted || clock.monotonic() < this.#notBefore) return
      try {
        const facts = await this.#facts()
        const ports = { ...this.ports, logger, signal: this.#closing }
        if (!(await sweepBeside(this.#records, facts, ports))) this.#notBefore = clock.monotonic() + againMs
      } catch (error) {
        logger.warn('Databases that restores left could not be looked at.', { error: String(error) })
      }
    } while (this.#again)
  }

  async #facts(): Promise<BesideFacts> {
    const { site, chosen } = this.#options
    const names = await readdir(swapFolders(site.directory).swap).catch(() => [])
    const recorded = names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []))
    const { repository, snapshots, problem } = this.#catalogue
    const sure = problem === null && repository !== null && chosen.copy === null
    return {
      busy: new Set([...this.#active, ...recorded]),
      known: sure ? { repository, snapshots: new Set(snapshots.map(({ id }) => id)) } : null,
    }
  }
}
