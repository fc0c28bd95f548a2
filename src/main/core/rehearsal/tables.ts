import type { Database, Schema } from '#core/store/index.ts'
import { type RehearsalRun, rehearsalRunSchema } from '#shared/contract/rehearsals.ts'

/** So many are kept. */
export const runsKept = 200

export const rehearsalsSchema: Schema = {
  owner: 'rehearsals',
  migrations: [
    {
      version: 1,
      what: 'rehearsals of restores: cause, snapshot, verdict, durations, result of each service',
      sql: `CREATE TABLE rehearsals (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        run TEXT NOT NULL
      ) STRICT;`,
    },
  ],
}

/** What is remembered of rehearsals over a restart of the console. */
export class RehearsalRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Resolves once it survives a power cut. The oldest are given up. */
  async put(run: RehearsalRun): Promise<void> {
    await this.#database.write(
      [
        {
          sql: 'INSERT INTO rehearsals (id, run) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET run = excluded.run',
          values: [run.id, JSON.stringify(run)],
        },
        {
          sql: 'DELETE FROM rehearsals WHERE seq NOT IN (SELECT seq FROM rehearsals ORDER BY seq DESC LIMIT ?)',
          values: [runsKept],
        },
      ],
      'bookkeeping',
    )
  }

  /** Newest first; rows that this version cannot read are left out. */
  all(): readonly RehearsalRun[] {
    return this.#database
      .all<{ run: string }>({ sql: 'SELECT run FROM rehearsals ORDER BY seq DESC' })
      .flatMap((row) => {
        try {
          return [rehearsalRunSchema.parse(JSON.parse(row.run))]
        } catch {
          return []
        }
      })
  }
}
