import type { Clock, Logger, Runtime } from '#core/platform/index.ts'
import type { Copies } from './copies.ts'
import { type BestCopy, bestCopy } from './copy-check.ts'
import type { CheckKind, CheckResult } from './database-answer.ts'
import { checkDatabase, type DatabaseToolLimits, noOwnTables } from './database-tool.ts'
import type { Quarantine, Quarantined } from './quarantine.ts'
import {
  type RecoveryRecord,
  recoveryLimit,
  recoveryWaitMs,
  type StandIn,
  type StoreReport,
} from './recovery-record.ts'
import type { CheckNote, StoreRecord } from './store-record.ts'
import type { DatabaseName, Schema } from './types.ts'

const names: readonly DatabaseName[] = ['control', 'messages']

export interface UpkeepOptions {
  readonly copies: Copies
  readonly records: Readonly<Record<DatabaseName, RecoveryRecord>>
  readonly record: StoreRecord
  readonly quarantine: Quarantine
  /** Where the database lies that is in use under a name. */
  readonly path: (name: DatabaseName) => string
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

/** A report with the database that it is about. */
export interface UntoldReport extends StoreReport {
  readonly database: DatabaseName
}

/** What keeps the databases of an open store well, for whoever makes the timetable and tells the operator. */
export class Upkeep {
  readonly copies: Copies
  readonly #options: UpkeepOptions

  constructor(options: UpkeepOptions) {
    this.#options = options
    this.copies = options.copies
  }

  /** What was done about damaged databases and stands in no event log yet, oldest first. */
  untold(): readonly UntoldReport[] {
    return names
      .flatMap((database) => this.#options.records[database].state.reports.map((report) => ({ ...report, database })))
      .filter(({ told }) => !told)
      .sort((a, b) => a.seenMs - b.seenMs)
  }

  /** Notes durably that a report stands in the event log. */
  async told({ database, id }: Pick<UntoldReport, 'database' | 'id'>): Promise<void> {
    const record = this.#options.records[database]
    const reports = record.state.reports.map((report) => (report.id === id ? { ...report, told: true } : report))
    await record.changeIfPossible({ reports }, this.#options.logger)
  }

  /** Why something else stands in for a database; null when it is itself. */
  standIn(name: DatabaseName): StandIn | null {
    return this.#options.records[name].state.standIn
  }

  /** How many recoveries may still happen by themselves, and how long until there is one more when there is none. */
  recoveriesLeft(name: DatabaseName): { readonly left: number; readonly waitMs: number } {
    const { reports } = this.#options.records[name].state
    const seenMs = this.#options.record.seenMs()
    const recent = reports.filter(
      ({ kind, by, seenMs: then }) =>
        kind === 'recovered' && by !== 'operator' && seenMs - then < recoveryLimit.withinMs,
    )
    return { left: Math.max(0, recoveryLimit.count - recent.length), waitMs: recoveryWaitMs(reports, seenMs) }
  }

  /**
   * Checks the database in use under a name, in a helper process that the signal ends, and notes the result. Rejects as
   * {@link checkDatabase} does; nothing is noted then.
   */
  async check(name: DatabaseName, kind: CheckKind, limits: DatabaseToolLimits = {}): Promise<CheckResult> {
    const { runtime, path, record, schemas } = this.#options
    const newest = schemas[name].flatMap((schema) => schema.newest ?? [])
    const found = await checkDatabase(runtime, path(name), { kind, newest, ...limits })
    const isStrange = found.ok && found.versions === null
    const result = isStrange ? { ...found, ok: false, problems: [noOwnTables] } : found
    await record.noteCheck(name, kind, result)
    return result
  }

  /** The copy that a recovery would take if it began now, looked for in so much time at most. Nothing is changed. */
  bestCopy(name: DatabaseName, withinMs: number): Promise<BestCopy> {
    const { clock } = this.#options
    return bestCopy(name, this.#options, { clock, withinMs })
  }

  /** The last check of a database, of this or an earlier run. */
  lastCheck(name: DatabaseName): CheckNote | null {
    return this.#options.record.lastCheck(name)
  }

  /** The last one that was full. */
  lastFullCheck(name: DatabaseName): CheckNote | null {
    return this.#options.record.lastFullCheck(name)
  }

  /** When a database was made, wall-clock milliseconds; undefined when that is not known. */
  bornAt(name: DatabaseName): number | undefined {
    return this.#options.record.bornAt(name)
  }

  /** Milliseconds that the console has seen pass on this site; never goes back, whatever the wall clock does. */
  seenMs(): number {
    return this.#options.record.seenMs()
  }

  /** Notes the time seen so far, so that a kill takes away at most what came after. To be called once an hour or so. */
  async mark(): Promise<void> {
    await this.#options.record.mark()
  }

  /** Damaged files that are kept, newest first. */
  quarantined(): Promise<readonly Quarantined[]> {
    return this.#options.quarantine.list(this.#options.clock.wall(), this.seenMs())
  }

  /** Removes damaged files that were kept for long enough. Resolves with their folders. */
  sweep(): Promise<readonly string[]> {
    return this.#options.quarantine.sweep(this.#options.clock.wall(), this.seenMs())
  }
}
