import type { Logger, ProcessIdentity } from '#core/platform/index.ts'
import type { Database, Statement } from '#core/store/index.ts'

/** A child process as it is recorded before it exists and until it and all its descendants are gone. */
export interface RunRecord {
  readonly run: string
  readonly service: string
  readonly generation: number
  /** Fingerprint of the definition that it was started with. */
  readonly definition: string
  /** Wall-clock milliseconds. */
  readonly startedAt: number
  readonly out: string
  readonly err: string
  /** Null from the moment before the spawn until shortly after it. */
  readonly identity: ProcessIdentity | null
}

/** Ended runs that are kept for each service. */
const keptEnded = 20

interface Row {
  readonly run: string
  readonly service: string
  readonly generation: number
  readonly definition: string
  readonly started_at: number
  readonly out_log: string
  readonly err_log: string
  readonly pid: number | null
  readonly start_ticks: number | null
  readonly boot_id: string | null
}

/**
 * What makes a child findable after a crash of the console. Written `relaxed`: it must survive the console, not a power cut,
 * because no child survives one.
 */
export class RunRecords implements Disposable {
  readonly #database: Database
  /** What must be on record at this moment, whatever becomes of the database. */
  readonly #open: Map<string, RunRecord>
  readonly #following: Disposable

  constructor(database: Database, logger: Logger) {
    this.#database = database
    this.#open = new Map(this.open().map((record) => [record.run, record]))
    this.#following = database.onReplaced(() => {
      this.#writeAll().catch((error: unknown) =>
        logger.error(
          'The running services could not be recorded in the database that took the place of the damaged one.',
          {
            error: String(error),
          },
        ),
      )
    })
  }

  /** Resolves once the run can be found again. Only then may the process be spawned. */
  async begin(record: Omit<RunRecord, 'identity'>): Promise<void> {
    const begun = { ...record, identity: null }
    this.#open.set(record.run, begun)
    await this.#database.write([putting(begun)], 'run')
  }

  /** Adds who the process is. Until then it is found by its mark. */
  async spawned(run: string, identity: ProcessIdentity): Promise<void> {
    const record = this.#open.get(run)
    if (record) this.#open.set(run, { ...record, identity })
    const sql = 'UPDATE service_runs SET pid = ?, start_ticks = ?, boot_id = ? WHERE run = ?'
    const { pid, startTicks, bootId } = identity
    await this.#database.write([{ sql, values: [pid, startTicks, bootId, run] }], 'run')
  }

  /** A run that was found by its mark, whether it was recorded before or not. */
  async found(record: RunRecord & { readonly identity: ProcessIdentity }): Promise<void> {
    this.#open.set(record.run, record)
    await this.#database.write([putting(record)], 'run')
  }

  /** Nothing of the run is left. */
  async ended(run: string, service: string, at: number, ending: string): Promise<void> {
    this.#open.delete(run)
    await this.#database.write(
      [
        { sql: 'UPDATE service_runs SET ended_at = ?, ending = ? WHERE run = ?', values: [at, ending, run] },
        {
          sql: `DELETE FROM service_runs WHERE run IN (
                  SELECT run FROM service_runs WHERE service = ? AND ended_at IS NOT NULL
                  ORDER BY ended_at DESC LIMIT -1 OFFSET ?)`,
          values: [service, keptEnded],
        },
      ],
      'run',
    )
  }

  /** The runs that may still have living processes, oldest first. */
  open(): readonly RunRecord[] {
    return this.#database
      .all<Row>({ sql: 'SELECT * FROM service_runs WHERE ended_at IS NULL ORDER BY started_at, run' })
      .map(toRecord)
  }

  /** Follows the database no longer. */
  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
  }

  /** An older copy may have runs open that ended since, and knows nothing of those begun since. */
  async #writeAll(): Promise<void> {
    const sql = 'UPDATE service_runs SET ended_at = started_at, ending = ? WHERE ended_at IS NULL'
    const ending = 'had ended before the database was replaced'
    await this.#database.write([{ sql, values: [ending] }, ...[...this.#open.values()].map(putting)], 'run')
  }
}

function putting({ identity, ...record }: RunRecord): Statement {
  const { run, service, generation, definition, startedAt, out, err } = record
  const { pid, startTicks, bootId } = identity ?? { pid: null, startTicks: null, bootId: null }
  return {
    sql: `INSERT OR REPLACE INTO service_runs
            (run, service, generation, definition, started_at, out_log, err_log, pid, start_ticks, boot_id)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    values: [run, service, generation, definition, startedAt, out, err, pid, startTicks, bootId],
  }
}

function toRecord(row: Row): RunRecord {
  const { pid, start_ticks: startTicks, boot_id: bootId } = row
  return {
    run: row.run,
    service: row.service,
    generation: row.generation,
    definition: row.definition,
    startedAt: row.started_at,
    out: row.out_log,
    err: row.err_log,
    identity: pid === null || startTicks === null || bootId === null ? null : { pid, startTicks, bootId },
  }
}
