import type { Clock } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'

/** How far a copy was when it was last brought up to date. */
export interface CopyRecord {
  readonly copiedAt: number
  /** When the newest snapshot in it was taken; null when it holds none. */
  readonly newestAt: number | null
  readonly snapshots: number
  readonly weak: boolean
}

/** What the console remembers of places that may not be there when somebody asks. */
export class CopyRecords {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  get(target: string): CopyRecord | null {
    const sql = 'SELECT copied_at, newest_at, snapshots, weak FROM backup_copies WHERE target = ?'
    const row = this.#database.get<{
      copied_at: number
      newest_at: number | null
      snapshots: number
      weak: number
    }>({ sql, values: [target] })
    return (
      (row && { copiedAt: row.copied_at, newestAt: row.newest_at, snapshots: row.snapshots, weak: row.weak === 1 }) ??
      null
    )
  }

  async note(target: string, record: Omit<CopyRecord, 'copiedAt'>): Promise<void> {
    const sql = `INSERT INTO backup_copies (target, copied_at, newest_at, snapshots, weak) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (target) DO UPDATE SET copied_at = excluded.copied_at, newest_at = excluded.newest_at,
        snapshots = excluded.snapshots, weak = excluded.weak`
    const { newestAt, snapshots, weak } = record
    await this.#database.write(
      [{ sql, values: [target, this.#clock.wall(), newestAt, snapshots, weak ? 1 : 0] }],
      'bookkeeping',
    )
  }

  /** When the newest good snapshot in a place was taken, as far as it was ever seen; null: never. */
  goodAt(target: string): number | null {
    const sql = 'SELECT good_at FROM backup_good WHERE target = ?'
    return this.#database.get<{ good_at: number }>({ sql, values: [target] })?.good_at ?? null
  }

  async noteGood(target: string, at: number): Promise<void> {
    if (this.goodAt(target) === at) return
    const sql = `INSERT INTO backup_good (target, good_at) VALUES (?, ?)
      ON CONFLICT (target) DO UPDATE SET good_at = excluded.good_at`
    await this.#database.write([{ sql, values: [target, at] }], 'bookkeeping')
  }
}
