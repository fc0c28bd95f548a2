import type { RouteDefinition } from '#core/config/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database, SqlValue } from '#core/store/index.ts'
import type { JournalRow, Quarantined } from '#shared/contract/messages.ts'

/** Most rows of all journals together, and of the quarantine; beyond it the oldest go. */
const mostJournalRows = 10_000_000
const mostQuarantineRows = 10_000

/** Rows that one delete takes, and how often old rows are looked for. */
const deleteRows = 1_000
const sweepMs = 30_000

/** Rows that a search for a topic looks at. */
const topicSearchRows = 200_000

interface JournalQuery {
  readonly route?: string | undefined
  readonly before?: number | undefined
  readonly limit: number
}

interface JournalRecord {
  readonly seq: number
  readonly at: number
  readonly route: string
  readonly topic: string
  readonly payload: string | Uint8Array
}

interface QuarantineRecord {
  readonly id: number
  readonly at: number
  readonly route: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly reason: string
}

/** Journal and quarantine as they are read, and kept within their bounds. The data plane writes them. */
export class StoredMessages implements Disposable {
  readonly #database: Database
  readonly #clock: Clock
  readonly #logger: Logger
  #timer: Disposable | undefined
  #closed = false

  constructor(database: Database, clock: Clock, logger: Logger) {
    this.#database = database
    this.#clock = clock
    this.#logger = logger
    this.#timer = clock.after(sweepMs, () => void this.#turn())
  }

  /**
   * Newest first, from below `before`. A topic is looked for in the newest 200,000 rows below `before`: an index on topics would cost
   * every row written more than the row itself.
   */
  journal(query: {
    readonly route?: string | undefined
    readonly topic?: string | undefined
    readonly before?: number | undefined
    readonly limit: number
  }): { readonly rows: readonly JournalRow[]; readonly more: boolean } {
    const found = query.topic === undefined ? this.#newest(query) : this.#newestOfTopic(query, query.topic)
    const rows = found.slice(0, query.limit).map((row) => ({ ...row, payload: shown(row.payload).text }))
    return { rows, more: found.length > query.limit }
  }

  /** Newest first, from below `before`. */
  quarantine(query: {
    readonly route?: string | undefined
    readonly before?: number | undefined
    readonly limit: number
  }): { readonly rows: readonly Quarantined[]; readonly more: boolean } {
    const { where, values } = conditions({ 'id < ?': query.before, 'route = ?': query.route })
    const found = this.#database.all<QuarantineRecord>({
      sql: `SELECT id, at, route, topic, payload, reason FROM quarantine ${where} ORDER BY id DESC LIMIT ?`,
      values: [...values, query.limit + 1],
    })
    const rows = found.slice(0, query.limit).map((row) => {
      const { text, encoding } = shown(row.payload)
      return { ...row, payload: text, encoding }
    })
    return { rows, more: found.length > query.limit }
  }

  /** Remembers how long each journal is kept, so that rows of a route that is gone still end. */
  async keep(routes: readonly RouteDefinition[]): Promise<void> {
    const statements = routes.flatMap((route) => {
      const times = route.to.flatMap((target) => (target.kind === 'journal' ? [target.keepMs] : []))
      return times.length === 0
        ? []
        : [
            {
              sql: 'INSERT INTO journal_keeping (route, keep_ms) VALUES (?, ?) ON CONFLICT (route) DO UPDATE SET keep_ms = excluded.keep_ms',
              values: [route.id, Math.max(...times)],
            },
          ]
    })
    if (statements.length > 0) await this.#database.write(statements, 'journal')
  }

  /** Deletes what is past its time or over the bound, a little at a time. Resolves with how many rows went. */
  async sweep(): Promise<number> {
    const now = this.#clock.wall()
    let gone = 0
    for (const { route, keep_ms } of this.#database.all<{ route: string; keep_ms: number }>({
      sql: 'SELECT route, keep_ms FROM journal_keeping',
    })) {
      // Only the oldest rows of the route are looked at, so that the search is as small as the delete.
      gone += await this.#deleteWhileFull(
        'DELETE FROM journal WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM journal WHERE route = ? ORDER BY seq LIMIT ?) WHERE at < ?)',
        [route, deleteRows, now - keep_ms],
      )
    }
    gone += await this.#deleteWhileFull(
      'DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE seq <= (SELECT max(seq) FROM journal) - ? ORDER BY seq LIMIT ?)',
      [mostJournalRows, deleteRows],
    )
    gone += await this.#deleteWhileFull(
      'DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ? ORDER BY id LIMIT ?)',
      [mostQuarantineRows, deleteRows],
    )
    return gone
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
  }

  #newest({ route, before, limit }: JournalQuery): readonly JournalRecord[] {
    const { where, values } = conditions({ 'seq < ?': before, 'route = ?': route })
    return this.#database.all<JournalRecord>({
      sql: `SELECT seq, at, route, topic, payload FROM journal ${where} ORDER BY seq DESC LIMIT ?`,
      values: [...values, limit + 1],
    })
  }

  #newestOfTopic({ route, before, limit }: JournalQuery, topic: string): readonly JournalRecord[] {
    const { where, values } = conditions({ 'seq < ?': before, 'route = ?': route })
    return this.#database.all<JournalRecord>({
      sql: `SELECT seq, at, route, topic, payload FROM (SELECT * FROM journal ${where} ORDER BY seq DESC LIMIT ?)
            WHERE topic = ? ORDER BY seq DESC LIMIT ?`,
      values: [...values, topicSearchRows, topic, limit + 1],
    })
  }

  async #turn(): Promise<void> {
    try {
      await this.sweep()
    } catch (error) {
      this.#logger.warn(
        `Old journal rows could not be deleted: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    if (!this.#closed) this.#timer = this.#clock.after(sweepMs, () => void this.#turn())
  }

  /** Repeats one small delete until it finds less than it may take; other writes go in between. */
  async #deleteWhileFull(sql: string, values: readonly SqlValue[]): Promise<number> {
    let gone = 0
    for (;;) {
      if (this.#closed) return gone
      const [result] = await this.#database.write([{ sql, values }], 'housekeeping')
      const changes = result?.changes ?? 0
      gone += changes
      if (changes < deleteRows) return gone
    }
  }
}

function conditions(given: Readonly<Record<string, SqlValue | undefined>>): {
  readonly where: string
  readonly values: readonly SqlValue[]
} {
  const parts = Object.entries(given).flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]))
  return {
    where: parts.length > 0 ? `WHERE ${parts.map(({ sql }) => sql).join(' AND ')}` : '',
    values: parts.map(({ value }) => value),
  }
}

function shown(payload: string | Uint8Array): { readonly text: string; readonly encoding: 'utf8' | 'hex' } {
  return typeof payload === 'string'
    ? { text: payload, encoding: 'utf8' }
    : { text: Buffer.from(payload).toString('hex'), encoding: 'hex' }
}
