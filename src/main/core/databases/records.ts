import type { Database } from '#core/store/index.ts'

/** `check`: a full one. `putting`: files are being moved into place; ends when they are. */
export type RecordKind = 'check' | 'quick-check' | 'recovery' | 'putting'

export interface DatabaseRecord {
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly ok: boolean
  /** Whether the console did it by itself. */
  readonly automatic: boolean
  readonly note: string
}

interface Row {
  readonly at: number
  readonly ok: number
  readonly automatic: number
  readonly note: string
}

const keptPerKind = 50

/** What is remembered of the site's databases over a restart of the console. */
export class DatabaseRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Resolves once it is durable. The oldest of its kind are given up. */
  async add(service: string, kind: RecordKind, { at, ok, automatic, note }: DatabaseRecord): Promise<void> {
    await this.#database.write(
      [
        {
          sql: 'INSERT INTO database_records (service, kind, at, ok, automatic, note) VALUES (?, ?, ?, ?, ?, ?)',
          values: [service, kind, at, ok ? 1 : 0, automatic ? 1 : 0, note],
        },
        {
          sql: `DELETE FROM database_records WHERE service = ? AND kind = ? AND seq NOT IN (
                  SELECT seq FROM database_records WHERE service = ? AND kind = ? ORDER BY seq DESC LIMIT ?)`,
          values: [service, kind, service, kind, keptPerKind],
        },
      ],
      'bookkeeping',
    )
  }

  async forget(service: string, kind: RecordKind): Promise<void> {
    const sql = 'DELETE FROM database_records WHERE service = ? AND kind = ?'
    await this.#database.write([{ sql, values: [service, kind] }], 'bookkeeping')
  }

  newest(service: string, kind: RecordKind): DatabaseRecord | null {
    return this.all(service, kind)[0] ?? null
  }

  /** The last check, full or quick. */
  lastCheck(service: string): DatabaseRecord | null {
    const [full, quick] = [this.newest(service, 'check'), this.newest(service, 'quick-check')]
    return full && quick ? (quick.at > full.at ? quick : full) : (full ?? quick)
  }

  /** Newest first. */
  all(service: string, kind: RecordKind): readonly DatabaseRecord[] {
    return this.#database
      .all<Row>({
        sql: 'SELECT at, ok, automatic, note FROM database_records WHERE service = ? AND kind = ? ORDER BY seq DESC LIMIT ?',
        values: [service, kind, keptPerKind],
      })
      .map(({ at, ok, automatic, note }) => ({ at, ok: ok === 1, automatic: automatic === 1, note }))
  }
}
