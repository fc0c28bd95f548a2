import type { Database, SqlValue } from '#core/store/index.ts'
import type { RecordingView } from '#shared/contract/recordings.ts'

/** A recording as it stands in the database. */
export interface RecordingRow {
  readonly id: number
  readonly name: string
  readonly filter: string
  readonly text: string
  readonly state: 'recording' | 'complete' | 'importing' | 'deleted'
  readonly imported: number
  readonly started_at: number
  readonly ended_at: number | null
  readonly messages: number
  readonly bytes: number
  readonly lost: number
  readonly gaps: number
  readonly why: string | null
  readonly most_messages: number
  readonly most_bytes: number
  readonly until_at: number
}

/** Messages of a recording that has no entry any more; times are wall-clock milliseconds. */
export interface Stray {
  readonly id: number
  readonly first: number
  readonly last: number
  readonly messages: number
  readonly bytes: number
}

/** Rows that one step of a deletion takes: the writer is held up for a few milliseconds by it. */
const rowsInStep = 1_000

/** The table of recordings, and the deletion of what they hold. */
export class RecordingBook {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  all(): readonly RecordingRow[] {
    return this.#database.all<RecordingRow>({ sql: 'SELECT * FROM recordings ORDER BY id' })
  }

  /** Gives the number of the new recording. */
  async add(row: Omit<RecordingRow, 'id'>): Promise<number> {
    const columns = Object.keys(row)
    const values: SqlValue[] = Object.values(row)
    const sql = `INSERT INTO recordings (${columns.join(',')}) VALUES (${columns.map(() => '?').join(',')})`
    const [result] = await this.#database.write([{ sql, values }], 'recording')
    return result?.lastInsertRowid ?? 0
  }

  /** Writes it as it is, also when something else has taken it out of the database. */
  async save(row: RecordingRow): Promise<void> {
    const columns = Object.keys(row)
    const values: SqlValue[] = Object.values(row)
    const sql = `INSERT OR REPLACE INTO recordings (${columns.join(',')}) VALUES (${columns.map(() => '?').join(',')})`
    await this.#database.write([{ sql, values }], 'recording')
  }

  /** Recordings of which messages are there and no entry, as damage or a foreign hand may leave them. */
  async strays(): Promise<readonly Stray[]> {
    // From one to the next by the index: what there is is not counted before it is known to be astray.
    const ids = await this.#database.query<{ id: number }>({
      sql: `WITH RECURSIVE ids(id) AS (
              SELECT min(recording) FROM recorded
              UNION ALL SELECT (SELECT min(recording) FROM recorded WHERE recording > id) FROM ids WHERE id IS NOT NULL
            ) SELECT id FROM ids WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM recordings)`,
      name: 'recordings without an entry',
    })
    return await Promise.all(
      ids.map(async ({ id }) => {
        const [times] = await this.#database.query<{ first: number; last: number }>(
          { sql: 'SELECT min(at) AS first, max(at) AS last FROM recorded WHERE recording = ?', values: [id] },
          { atMostMs: 60_000 },
        )
        return { id, first: times?.first ?? 0, last: times?.last ?? 0, ...(await this.counted(id)) }
      }),
    )
  }

  /** What a recording holds in truth: counted, for after a crash. */
  async counted(id: number): Promise<{ readonly messages: number; readonly bytes: number }> {
    const [row] = await this.#database.query<{ messages: number; bytes: number | null }>(
      {
        sql: 'SELECT count(*) AS messages, sum(octet_length(payload) + length(topic) + coalesce(length(properties), 0) + coalesce(length(client), 0)) AS bytes FROM recorded WHERE recording = ?',
        values: [id],
        name: 'count of a recording',
      },
      { atMostMs: 60_000 },
    )
    return { messages: row?.messages ?? 0, bytes: row?.bytes ?? 0 }
  }

  /** Deletes what a recording holds in small steps, then the recording. It is marked before, so that a crash ends in the same. */
  async remove(id: number, signal: AbortSignal): Promise<void> {
    const rows = `SELECT seq FROM recorded WHERE recording = ? ORDER BY seq LIMIT ${rowsInStep}`
    while (!signal.aborted) {
      const sql = `DELETE FROM recorded WHERE seq IN (${rows})`
      const [result] = await this.#database.write([{ sql, values: [id] }], 'recording')
      if ((result?.changes ?? 0) > 0) continue
      await this.#database.write([{ sql: 'DELETE FROM recordings WHERE id = ?', values: [id] }], 'recording')
      return
    }
  }
}

/** As it is shown; null: it is being deleted. */
export function viewOf(row: RecordingRow): RecordingView | null {
  if (row.state === 'deleted') return null
  return {
    id: `r${row.id}`,
    name: row.name,
    filter: row.filter,
    text: row.text,
    state: row.state,
    imported: row.imported !== 0,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    messages: row.messages,
    bytes: row.bytes,
    lost: row.lost,
    gaps: row.gaps,
    why: row.why,
    bounds: { messages: row.most_messages, bytes: row.most_bytes, until: row.until_at },
  }
}
