import type { Database, Schema } from '#core/store/index.ts'
import { type ReleaseRecord, releaseRecordSchema } from './release-record.ts'

/** So many releases are remembered: bad ones long after their folder is gone, because their content is refused for ever. */
export const releasesRemembered = 1_000

export const releasesSchema: Schema = {
  owner: 'releases',
  migrations: [
    {
      version: 1,
      what: 'releases: where they came from, what they consist of, verdict, restore point',
      sql: `CREATE TABLE releases (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        record TEXT NOT NULL
      ) STRICT;`,
    },
  ],
}

export class ReleaseTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Resolves once it survives a power cut. The oldest are given up. */
  async put(records: readonly ReleaseRecord[]): Promise<void> {
    if (records.length === 0) return
    const sql = `INSERT INTO releases (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record`
    await this.#database.write(
      [
        ...records.map((record) => ({ sql, values: [record.id, JSON.stringify(record)] })),
        {
          sql: 'DELETE FROM releases WHERE seq NOT IN (SELECT seq FROM releases ORDER BY seq DESC LIMIT ?)',
          values: [releasesRemembered],
        },
      ],
      'bookkeeping',
    )
  }

  /** Rows that this version cannot read are left out. */
  all(): readonly ReleaseRecord[] {
    return this.#database
      .all<{ record: string }>({ sql: 'SELECT record FROM releases ORDER BY seq' })
      .flatMap((row) => {
        const told = readRecord(row.record)
        return told ? [told] : []
      })
  }

  onReplaced(listener: () => void): Disposable {
    return this.#database.onReplaced(listener)
  }
}

export function readRecord(text: string): ReleaseRecord | null {
  try {
    return releaseRecordSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
