import type { Database, Statement } from '#core/store/index.ts'
import { type JobView, jobViewSchema } from '#shared/contract/state.ts'
import { LogLines } from './log-lines.ts'

/** Finished jobs beyond these are given up, the oldest first. */
const keptFinished = 200

/** A job as it was stored. */
export interface StoredJob {
  readonly view: JobView
  readonly input: Record<string, unknown>
  readonly log: LogLines
  readonly toldInterrupted: boolean
}

interface JobRow {
  readonly view: string
  readonly input: string
  readonly log: string
  readonly log_skipped: number
  readonly told_interrupted: number
}

const columns = 'view, input, log, log_skipped, told_interrupted'

/** The table of jobs. Writes reject as {@link Database.write} does. */
export class JobTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  byId(id: string): StoredJob | undefined {
    const row = this.#database.get<JobRow>({ sql: `SELECT ${columns} FROM jobs WHERE id = ?`, values: [id] })
    return row && storedOf(row)
  }

  /** Jobs without a completion marker, oldest first. */
  open(): readonly StoredJob[] {
    const sql = `SELECT ${columns} FROM jobs WHERE ended_at IS NULL ORDER BY started_at`
    return this.#database.all<JobRow>({ sql }).flatMap((row) => storedOf(row) ?? [])
  }

  /** The newest jobs of an area, newest first. */
  ofArea(area: string, limit: number): readonly StoredJob[] {
    const sql = `SELECT ${columns} FROM jobs WHERE kind GLOB ? ORDER BY started_at DESC LIMIT ?`
    return this.#database.all<JobRow>({ sql, values: [`${area}.*`, limit] }).flatMap((row) => storedOf(row) ?? [])
  }

  /** The newest finished jobs, newest first. */
  finished(limit: number): readonly JobView[] {
    const sql = `SELECT ${columns} FROM jobs WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?`
    return this.#database.all<JobRow>({ sql, values: [limit] }).flatMap((row) => storedOf(row)?.view ?? [])
  }

  async insert(view: JobView, input: Record<string, unknown>): Promise<void> {
    await this.#database.write([putting({ view, input, log: new LogLines(), toldInterrupted: false })], 'job')
  }

  /**
   * Writes again what is known of jobs, for a database that may have been replaced by an older one: jobs without their end
   * whole, of those that `ended` the view alone, because their log is not in memory any more.
   */
  async putAgain(open: readonly StoredJob[], ended: readonly JobView[]): Promise<void> {
    await this.#database.write([...open.map(putting), ...ended.map(puttingView)], 'job')
  }

  async remove(id: string): Promise<void> {
    await this.#database.write([{ sql: 'DELETE FROM jobs WHERE id = ?', values: [id] }], 'job')
  }

  async setInput(id: string, input: Record<string, unknown>): Promise<void> {
    const values = [JSON.stringify(input), id]
    await this.#database.write([{ sql: 'UPDATE jobs SET input = ? WHERE id = ?', values }], 'job')
  }

  /** Stores how far a running job has come. */
  async save(job: StoredJob): Promise<void> {
    await this.#database.write([putting(job)], 'progress')
  }

  async markToldInterrupted(id: string): Promise<void> {
    const sql = 'UPDATE jobs SET told_interrupted = 1 WHERE id = ?'
    await this.#database.write([{ sql, values: [id] }], 'job')
  }

  /** Stores the end with its completion marker, and gives up the oldest finished jobs. */
  async finish(job: StoredJob): Promise<void> {
    const sql = `DELETE FROM jobs WHERE ended_at IS NOT NULL AND ended_at <
      (SELECT min(ended_at) FROM (SELECT ended_at FROM jobs WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?))`
    await this.#database.write([putting(job), { sql, values: [keptFinished] }], 'job')
  }
}

function putting({ view, input, log, toldInterrupted }: StoredJob): Statement {
  const { id, kind, startedAt, endedAt } = view
  const values = [id, kind, startedAt, endedAt, JSON.stringify(view), JSON.stringify(input)]
  return {
    sql: `INSERT OR REPLACE INTO jobs
            (id, kind, started_at, ended_at, view, input, log, log_skipped, told_interrupted)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    values: [...values, JSON.stringify(log.lines), log.skipped, toldInterrupted ? 1 : 0],
  }
}

function puttingView(view: JobView): Statement {
  const { id, kind, startedAt, endedAt } = view
  return {
    sql: `INSERT INTO jobs (id, kind, started_at, ended_at, view, input, log, log_skipped, told_interrupted)
          VALUES (?, ?, ?, ?, ?, '{}', '[]', 0, 0)
          ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, view = excluded.view`,
    values: [id, kind, startedAt, endedAt, JSON.stringify(view)],
  }
}

/** Undefined for a row that another version of the console wrote in a way this one cannot read. */
function storedOf(row: JobRow): StoredJob | undefined {
  try {
    const lines: unknown = JSON.parse(row.log)
    const input: unknown = JSON.parse(row.input)
    return {
      view: jobViewSchema.parse(JSON.parse(row.view)),
      input: typeof input === 'object' && input !== null ? { ...input } : {},
      log: new LogLines(Array.isArray(lines) ? lines.map(String) : [], row.log_skipped),
      toldInterrupted: row.told_interrupted === 1,
    }
  } catch {
    return undefined
  }
}
