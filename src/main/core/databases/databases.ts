import type { Attention } from '#core/attention/index.ts'
import { releaseFolder, resolveDatabase, type SiteDefinition, variablesOf } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Jobs } from '#core/jobs/index.ts'
import type {
  Builtin,
  BuiltinContext,
  Clock,
  CrashPoints,
  Logger,
  RunningBuiltin,
  Runtime,
} from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { RecoveryPlan } from '#shared/contract/databases.ts'
import type { SiteDatabaseView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { DatabaseJobs } from './database-jobs.ts'
import { type DatabaseRecord, DatabaseRecords } from './records.ts'
import { InterruptedRecovery } from './recovery/interrupted-recovery.ts'
import type { ServiceHands } from './service-hands.ts'
import { type DeclaredDatabase, SiteDatabase, shownWhere } from './site-database.ts'
import type { SessionSource } from './types.ts'
import { Upkeep } from './upkeep.ts'

export interface DatabasesParts {
  readonly site: { readonly directory: string; readonly own: string }
  /** The definition in use. */
  readonly definition: () => SiteDefinition | null
  /** Whoever supervises the services; asked only when something is recovered. */
  readonly services: () => ServiceHands
  /** The control database, with {@link databasesSchema}. */
  readonly database: Database
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly state: Slice<SiteDatabaseView>
  readonly runtime: Runtime
  readonly clock: Clock
  /** Whether the console did not end properly the last time: then the files of SQLite databases are checked soon. */
  readonly uncleanExit: boolean
  readonly crashPoints: CrashPoints
  readonly logger: Logger
  /** A number in [0, 1): jitter of pauses. */
  readonly random: () => number
}

/** The databases that the site uses: connected, counted, watched, checked, copied, and SQLite ones recovered. */
export interface Databases extends AsyncDisposable {
  /** `use: database`, for the coordinator. */
  readonly builtin: Builtin
  /** Takes what site.yaml declares now. */
  configure(definition: SiteDefinition): Promise<void>
  /** Sessions on a database whose service runs. Throws `database-unknown`, `database-not-running`. */
  sessions(service: string): SessionSource
  check(service: string, cause: Cause): Promise<{ readonly job: string }>
  copy(service: string, cause: Cause): Promise<{ readonly job: string }>
  planRecovery(service: string): Promise<RecoveryPlan>
  /** Services that a recovery had stopped when the console ended, so that they are to be started again. */
  owedServices(): readonly string[]
  recover(service: string, cause: Cause): Promise<{ readonly job: string }>
}

/** Opens the part. Connects to nothing: that is the start of each service. */
export function openDatabases(parts: DatabasesParts): Databases {
  return new SiteDatabases(parts)
}

/** How often the figures are shown anew. Milliseconds. */
const showEveryMs = 2_000
const cardPrefix = 'database-unwell:'

interface Recorded {
  readonly check: DatabaseRecord | null
  readonly last: DatabaseRecord | null
}

class SiteDatabases implements Databases {
  readonly builtin: Builtin = { start: (context) => this.#start(context) }
  readonly #parts: DatabasesParts
  readonly #known = new Map<string, SiteDatabase>()
  readonly #records: DatabaseRecords
  readonly #shown = new Map<string, Recorded>()
  readonly #jobs: DatabaseJobs
  readonly #upkeep: Upkeep
  readonly #interrupted: InterruptedRecovery
  /** Copies by database, as they were last listed. */
  readonly #copies = new Map<string, { readonly count: number; readonly newestAt: number | null }>()
  #timer: Disposable
  #closed = false

  constructor(parts: DatabasesParts) {
    this.#parts = parts
    const { clock, attention } = parts
    this.#records = new DatabaseRecords(parts.database)
    this.#jobs = new DatabaseJobs({
      ...parts,
      own: parts.site.own,
      records: this.#records,
      onChanged: (database) => void this.#listCopies(database),
    })
    this.#interrupted = new InterruptedRecovery({ ...parts, own: parts.site.own, records: this.#records })
    const databases = () => this.#known.values()
    this.#upkeep = new Upkeep({ ...parts, databases, jobs: this.#jobs, records: this.#records })
    // Cards outlive the console: one from an earlier run may not be true any more.
    for (const { id } of attention.open()) {
      if (id.startsWith(cardPrefix)) attention.clear(id, { type: 'console', why: 'the site was opened anew' })
    }
    this.#timer = clock.after(showEveryMs, () => this.#showAll())
  }

  async configure(definition: SiteDefinition): Promise<void> {
    const { site, events, attention, runtime, clock, random } = this.#parts
    const variables = variablesOf(site.directory, await releaseFolder(site.directory))
    const declared = new Map<string, DeclaredDatabase>()
    for (const service of Object.values(definition.services)) {
      if (!service.database) continue
      const target = resolveDatabase(service.database, service, definition, variables)
      const where = shownWhere(target, site.directory)
      declared.set(service.id, { service, definition: service.database, target, where })
    }
    for (const [id, database] of this.#known) {
      if (declared.has(id)) continue
      this.#known.delete(id)
      this.#parts.state.delete(id)
      await database[Symbol.asyncDispose]()
    }
    for (const [id, one] of declared) {
      const known = this.#known.get(id)
      if (known) known.redeclare(one)
      else {
        const onLooked = (looked: SiteDatabase) => {
          this.#show(looked)
          void this.#upkeep.damaged(looked)
        }
        this.#known.set(id, new SiteDatabase(one, { events, attention, runtime, clock, random, onLooked }))
      }
      await this.#interrupted.settle(one)
      const database = this.#known.get(id)
      if (database) await this.#listCopies(database)
    }
  }

  sessions(service: string): SessionSource {
    return this.#named(service).sessions
  }

  async check(service: string, cause: Cause): Promise<{ readonly job: string }> {
    return await this.#jobs.check(this.#named(service), cause)
  }

  async copy(service: string, cause: Cause): Promise<{ readonly job: string }> {
    return await this.#jobs.copy(this.#named(service), cause)
  }

  async planRecovery(service: string): Promise<RecoveryPlan> {
    return await this.#jobs.planRecovery(this.#named(service))
  }

  owedServices(): readonly string[] {
    return this.#interrupted.owedServices()
  }

  async recover(service: string, cause: Cause): Promise<{ readonly job: string }> {
    return await this.#jobs.recover(this.#named(service), cause)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer[Symbol.dispose]()
    await this.#upkeep[Symbol.asyncDispose]()
    await Promise.all([...this.#known.values()].map((database) => database[Symbol.asyncDispose]()))
    for (const id of this.#known.keys()) this.#parts.state.delete(id)
  }

  #start(context: BuiltinContext): Promise<RunningBuiltin> {
    return this.#named(context.service).start(context)
  }

  #named(service: string): SiteDatabase {
    const database = this.#known.get(service)
    if (database) return database
    const ids = [...this.#known.keys()]
    throw new ConsoleError(
      'database-unknown',
      `This site has no database "${service}".`,
      ids.length > 0 ? `It has ${ids.join(', ')}.` : 'Declare one in site.yaml: `kind: builtin, use: database`.',
      { params: { service } },
    )
  }

  #showAll(): void {
    if (this.#closed) return
    for (const database of this.#known.values()) this.#show(database)
    this.#timer = this.#parts.clock.after(showEveryMs, () => this.#showAll())
  }

  async #listCopies(database: SiteDatabase): Promise<void> {
    const copies = database.declared.target.engine === 'sqlite' ? await this.#jobs.copiesOf(database).list() : []
    this.#copies.set(database.id, { count: copies.length, newestAt: copies[0]?.at ?? null })
    this.#show(database)
  }

  #show(database: SiteDatabase): void {
    if (this.#closed || this.#known.get(database.id) !== database) return
    const { check, last } = this.#recorded(database.id)
    const copies = this.#copies.get(database.id)
    this.#parts.state.set(database.id, {
      ...database.view(),
      lastCheck: check && { at: check.at, ok: check.ok, note: check.note },
      recovery:
        database.declared.target.engine === 'sqlite'
          ? {
              policy: database.declared.definition.recover,
              copies: copies?.count ?? 0,
              newestCopyAt: copies?.newestAt ?? null,
              last: last && { at: last.at, sentence: last.note },
            }
          : null,
    })
  }

  /** As it was last read, while the console's own store lets nothing be read: what else is shown goes on. */
  #recorded(id: string): Recorded {
    try {
      const check = this.#records.lastCheck(id)
      const recorded = { check, last: this.#records.newest(id, 'recovery') }
      this.#shown.set(id, recorded)
      return recorded
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error
      return this.#shown.get(id) ?? { check: null, last: null }
    }
  }
}
