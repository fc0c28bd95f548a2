import { z } from 'zod'
import type { Database, Schema, Statement } from '#core/store/index.ts'
import { type DrillRun, drillRunSchema } from '#shared/contract/drills.ts'
import type { Undo } from './types.ts'

/** So many are kept. */
const kept = 100

export const drillsSchema: Schema = {
  owner: 'drills',
  migrations: [
    {
      version: 1,
      what: 'drills that were done, and how to undo the one that runs',
      sql: `CREATE TABLE drill_runs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        run TEXT NOT NULL,
        undo TEXT NOT NULL
      ) STRICT;`,
    },
  ],
}

const identitySchema = z.object({ pid: z.number().int(), startTicks: z.number(), bootId: z.string() })
const undoSchema: z.ZodType<Undo> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('nothing') }),
  z.object({ type: z.literal('wake'), processes: z.array(identitySchema) }),
  // A folder from elsewhere may hold anything: the name leads nowhere else.
  z.object({ type: z.literal('pages'), service: z.string(), name: z.string().regex(/^[a-z0-9-]+\.json$/) }),
])

export interface StoredDrill {
  readonly run: DrillRun
  readonly undo: Undo
}

/** What is remembered of drills over a restart of the console. */
export class DrillRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Resolves once it survives a power cut. The oldest are given up. */
  async put({ run, undo }: StoredDrill): Promise<void> {
    const statements: Statement[] = [
      {
        sql: `INSERT INTO drill_runs (id, run, undo) VALUES (?, ?, ?)
              ON CONFLICT (id) DO UPDATE SET run = excluded.run, undo = excluded.undo`,
        values: [run.id, JSON.stringify(run), JSON.stringify(undo)],
      },
      {
        sql: 'DELETE FROM drill_runs WHERE seq NOT IN (SELECT seq FROM drill_runs ORDER BY seq DESC LIMIT ?)',
        values: [kept],
      },
    ]
    await this.#database.write(statements, 'bookkeeping')
  }

  /** Newest first; rows that this version cannot read are left out. */
  all(): readonly StoredDrill[] {
    return this.#database
      .all<{ run: string; undo: string }>({ sql: 'SELECT run, undo FROM drill_runs ORDER BY seq DESC' })
      .flatMap((row) => {
        try {
          return [{ run: drillRunSchema.parse(JSON.parse(row.run)), undo: undoSchema.parse(JSON.parse(row.undo)) }]
        } catch {
          return []
        }
      })
  }
}
