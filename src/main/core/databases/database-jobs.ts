import { join } from 'node:path'
import type { Attention } from '#core/attention/index.ts'
import type { SiteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome, Jobs } from '#core/jobs/index.ts'
import type { Clock, CrashPoints, Logger, Runtime } from '#core/platform/index.ts'
import type { CheckKind } from '#core/store/index.ts'
import type { RecoveryPlan } from '#shared/contract/databases.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause, Severity } from '#shared/vocabulary.ts'
import { type CheckFinding, checkPostgres, checkSqlite } from './database-check.ts'
import { databaseEvents } from './event-kinds.ts'
import type { DatabaseRecords } from './records.ts'
import { recoveryPlan, touchedServices } from './recovery/recovery-plan.ts'
import { recoverFile, recoverySteps } from './recovery/recovery-run.ts'
import { type CopyReason, SiteCopies } from './recovery/site-copies.ts'
import type { ServiceHands } from './service-hands.ts'
import type { SiteDatabase } from './site-database.ts'

export interface DatabaseJobsParts {
  /** The site's `.wheelhouse` folder. */
  readonly own: string
  readonly definition: () => SiteDefinition | null
  readonly services: () => ServiceHands
  readonly records: DatabaseRecords
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly runtime: Runtime
  readonly clock: Clock
  readonly crashPoints: CrashPoints
  readonly logger: Logger
  /** Told when what is shown of a database has changed. */
  readonly onChanged: (database: SiteDatabase) => void
}

/** The lane of backups and restores: while one of them moves files of the site, no recovery does, and the other way round. */
const fileLane = 'backup'

/** What an operator or a schedule asks of one database, as jobs. */
export class DatabaseJobs {
  readonly #parts: DatabaseJobsParts

  constructor(parts: DatabaseJobsParts) {
    this.#parts = parts
  }

  copiesOf(database: SiteDatabase): SiteCopies {
    return new SiteCopies(join(this.#parts.own, 'copies', database.id), this.#parts.runtime)
  }

  /** Resolves when a job has ended, however it did. */
  async finished(job: string): Promise<void> {
    await this.#parts.jobs.finished(job)
  }

  /** A quick one is for SQLite files only, and leaves out their indexes and what rows refer to. */
  async check(database: SiteDatabase, cause: Cause, kind: CheckKind = 'full'): Promise<{ readonly job: string }> {
    const { jobs } = this.#parts
    if (database.declared.target.engine === 'postgres') void database.sessions // refused before a job exists
    const { id: job } = await jobs.start(
      {
        kind: 'database.check',
        subject: `service:${database.id}`,
        title: `${kind === 'full' ? 'Check' : 'Check the structure of'} the database ${database.declared.where}`,
        steps: [{ id: 'check', title: `Read ${database.declared.where}` }],
        cause,
        commandLine: `wheelhouse database check ${database.id}`,
        input: { service: database.id },
        lane: `database:${database.id}`,
        cancellable: true,
      },
      (context) => context.step('check', () => this.#check(database, kind, context, cause)),
    )
    return { job }
  }

  async copy(database: SiteDatabase, cause: Cause): Promise<{ readonly job: string }> {
    const file = fileOf(database, 'copied')
    const { id: job } = await this.#parts.jobs.start(
      {
        kind: 'database.copy',
        subject: `service:${database.id}`,
        title: `Copy the database ${database.declared.where}`,
        steps: [{ id: 'copy', title: `Copy ${database.declared.where} and check the copy` }],
        cause,
        commandLine: `wheelhouse database copy ${database.id}`,
        input: { service: database.id },
        lane: `database:${database.id}`,
        cancellable: true,
      },
      (context) => context.step('copy', () => this.takeCopy(database, file, 'asked', context.cause, context.signal)),
    )
    return { job }
  }

  /** Takes a copy now. Damage that it meets is told to the database. */
  async takeCopy(
    database: SiteDatabase,
    file: string,
    reason: CopyReason,
    cause: Cause,
    signal: AbortSignal,
  ): Promise<JobOutcome> {
    const { clock, onChanged } = this.#parts
    try {
      const { bytes } = await this.copiesOf(database).take(file, reason, clock.wall(), signal)
      const message = `A checked copy of ${database.declared.where} was taken (${Math.ceil(bytes / 1024)} KiB).`
      this.#emit('copied', database, 'info', message, cause)
      return { message, data: { bytes } }
    } catch (error) {
      if (error instanceof ConsoleError && error.problem.code === 'database-damaged') database.damaged(error.message)
      throw error
    } finally {
      onChanged(database)
    }
  }

  async planRecovery(database: SiteDatabase): Promise<RecoveryPlan> {
    fileOf(database, 'recovered')
    const [newest] = await this.copiesOf(database).list()
    const wanted = this.#parts.services().wanted()
    return recoveryPlan({
      service: database.id,
      where: database.declared.where,
      services: this.#touched(database).filter((id) => id !== database.id && wanted.includes(id)),
      copyAt: newest?.at ?? null,
      now: this.#parts.clock.wall(),
      zone: this.#zone(),
    })
  }

  async recover(database: SiteDatabase, cause: Cause, automatic = false): Promise<{ readonly job: string }> {
    const file = fileOf(database, 'recovered')
    const { jobs, own, records, services, attention, runtime, clock, crashPoints, onChanged } = this.#parts
    const { where } = database.declared
    const { id: job } = await jobs.start(
      {
        kind: 'database.recover',
        subject: `service:${database.id}`,
        title: `Recover the database ${where}`,
        steps: recoverySteps,
        cause,
        commandLine: `wheelhouse database recover ${database.id}`,
        input: { service: database.id },
        lane: fileLane,
        cancellable: true,
      },
      async (context): Promise<JobOutcome> => {
        const note = async (ok: boolean, sentence: string) => {
          await records.add(database.id, 'recovery', { at: clock.wall(), ok, automatic, note: sentence })
          onChanged(database)
        }
        try {
          const { did, message } = await recoverFile(
            {
              service: database.id,
              where,
              file,
              own,
              zone: this.#zone(),
              touched: this.#touched(database),
              copies: this.copiesOf(database),
              records,
              services: services(),
              attention,
              runtime,
              clock,
              crashPoints,
              onPut: () => database.damaged(null),
            },
            context,
          )
          if (did === 'nothing') {
            database.damaged(null)
            return { message }
          }
          await note(true, message)
          this.#emit('repaired', database, did === 'salvage' ? 'error' : 'warning', message, context.cause)
          return { message, data: { did } }
        } catch (error) {
          if (context.signal.aborted) throw error
          const sentence = error instanceof Error ? error.message : String(error)
          await note(false, sentence)
          this.#emit('notRepaired', database, 'error', sentence, context.cause)
          throw error
        }
      },
    )
    return { job }
  }

  async #check(
    database: SiteDatabase,
    kind: CheckKind,
    { signal, cause: began }: JobContext,
    asked: Cause,
  ): Promise<JobOutcome> {
    const { records, runtime, clock, onChanged } = this.#parts
    const { target, where } = database.declared
    const finding: CheckFinding =
      target.engine === 'sqlite'
        ? await checkSqlite({ service: database.id, where, file: target.file, kind, runtime, clock, signal })
        : await checkPostgres(database.sessions, where, signal)
    const automatic = asked.type !== 'operator'
    const record = kind === 'full' ? 'check' : 'quick-check'
    await records.add(database.id, record, { at: clock.wall(), ok: finding.ok, automatic, note: finding.note })
    this.#emit('checked', database, finding.ok ? 'info' : 'error', finding.note, began)
    if (target.engine === 'sqlite') database.damaged(finding.ok ? null : finding.note)
    onChanged(database)
    if (finding.ok) return { message: finding.note }
    throw new ConsoleError(
      'database-damaged',
      finding.note,
      target.engine === 'sqlite'
        ? `Recover it (wheelhouse database recover ${database.id}), or restore a backup.`
        : 'Look into the log of the database server, and restore the database from its own backup.',
      { params: { service: database.id } },
    )
  }

  #zone(): string {
    return this.#parts.definition()?.zone ?? 'UTC'
  }

  #touched(database: SiteDatabase): readonly string[] {
    const definition = this.#parts.definition()
    return definition ? touchedServices(definition, database.id) : [database.id]
  }

  #emit(
    kind: keyof typeof databaseEvents,
    database: SiteDatabase,
    severity: Severity,
    message: string,
    cause: Cause,
  ): void {
    const operation = null
    this.#parts.events.emit({
      kind: databaseEvents[kind],
      subject: `service:${database.id}`,
      severity,
      message,
      cause,
      operation,
    })
  }
}

/** The file of a SQLite database. Throws `database-not-sqlite` for any other. */
export function fileOf({ declared, id }: SiteDatabase, what: 'copied' | 'recovered'): string {
  if (declared.target.engine === 'sqlite') return declared.target.file
  throw new ConsoleError(
    'database-not-sqlite',
    `The database ${id} (${declared.where}) is PostgreSQL, which the console does not keep files of, so it cannot be ${what} here.`,
    'Use the tools of the server: pg_dump and pg_restore.',
    { params: { service: id } },
  )
}
