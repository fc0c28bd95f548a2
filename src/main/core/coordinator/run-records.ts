import type { ProcessIdentity } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'

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
export class RunRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Resolves once the run can be found again. Only then may the process be spawned. */
  async begin(record: Omit<RunRecord, 'identity'>): Promise<void> {
    await this.#write(
      `INSERT INTO service_runs (run, service, generation, definition, started_at, out_log, err_log)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      [record.run, record.service, record.generation, record.definition, record.startedAt, record.out, record.err],
    )
  }

  /** Adds who the process is. Until then it is found by its mark. */
  async spawned(run: string, { pid, startTicks, bootId }: ProcessIdentity): Promise<void> {
    await this.#write('UPDATE service_runs SET pid = ?, start_ticks = ?, boot_id = ? WHERE run = ?', [
      pid,
      startTicks,
      bootId,
      run,
    ])
  }

  /** A run that was found by its mark, whether it was recorded before or not. */
  async found(record: RunRecord & { readonly identity: ProcessIdentity }): Promise<void> {
    const { run, service, generation, definition, startedAt, out, err, identity } = record
    await this.#write(
      `INSERT OR REPLACE INTO service_runs
         (run, service, generation, definition, started_at, out_log, err_log, pid, start_ticks, boot_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [run, service, generation, definition, startedAt, out, err, identity.pid, identity.startTicks, identity.bootId],
    )
  }

  /** Nothing of the run is left. */
  async ended(run: string, service: string, at: number, ending: string): Promise<void> {
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

  async #write(sql: string, values: readonly (string | number)[]): Promise<void> {
    await this.#database.write([{ sql, values }], 'run')
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
