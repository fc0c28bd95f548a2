import type { Clock } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import { type DatabaseAccess, databaseAccessSchema } from './access-record.ts'

/** A database that the console made or renamed beside the site's own, so that it is dropped one day whatever happens. */
export interface BesideRecord {
  readonly name: string
  readonly access: DatabaseAccess
  /** The job of the restore. */
  readonly job: string
  /** The restore point whose state it is; null: it was being restored. */
  readonly restorePoint: string | null
  /** The repository that holds the restore point. */
  readonly repository: string | null
  readonly at: number
}

interface Stored {
  readonly name: string
  readonly access: string
  readonly job: string
  readonly restorePoint: string | null
  readonly repository: string | null
  readonly at: number
}

/** Databases beside those of the site, as they are remembered: before one is made, until it is gone. */
export class BesideRecords {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  all(): readonly BesideRecord[] {
    const rows = this.#database.all<Stored>({
      sql: 'SELECT name, access, job, restore_point AS restorePoint, repository, at FROM backup_databases ORDER BY at',
    })
    return rows.flatMap((row) => {
      const access = databaseAccessSchema.safeParse(parsed(row.access)).data
      return access ? [{ ...row, access }] : []
    })
  }

  find(name: string): BesideRecord | undefined {
    return this.all().find((one) => one.name === name)
  }

  /** Durable before it resolves: what is made afterwards is found again. */
  async note(record: Omit<BesideRecord, 'at'>): Promise<void> {
    const { name, access, job, restorePoint, repository } = record
    await this.#database.write(
      [
        {
          sql: `INSERT INTO backup_databases (name, access, job, restore_point, repository, at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET restore_point = excluded.restore_point, repository = excluded.repository, job = excluded.job`,
          values: [name, JSON.stringify(access), job, restorePoint, repository, this.#clock.wall()],
        },
      ],
      'job',
    )
  }

  async forget(name: string): Promise<void> {
    await this.#database.write([{ sql: 'DELETE FROM backup_databases WHERE name = ?', values: [name] }], 'bookkeeping')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
