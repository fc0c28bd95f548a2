import type { RouteDefinition } from '#core/config/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database, SqlValue, Store } from '#core/store/index.ts'
import type { JournalRow, Quarantined } from '#shared/contract/messages.ts'
import { shownBrought, shownText } from './brought.ts'
import { restoredProperties } from './message-properties.ts'
import { noteAge } from './tables.ts'

/** How often the age of the journal is noted: its rows are kept that much longer at most. */
const noteEveryMs = 5 * 60_000

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
  readonly broker: string | null
  readonly properties: string | null
}

interface QuarantineRecord {
  readonly id: number
  readonly at: number
  readonly route: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly reason: string
  readonly target: string | null
  readonly cutFrom: number | null
  readonly bytes: number
  readonly properties: string | null
  readonly client: string | null
}

/** Bytes of a payload of the quarantine that are shown, and of one page of them. */
const shownBytes = 64 * 1024
const pageBytes = 4 * 1024 * 1024

/** Journal and quarantine as they are read, and how long they are kept; the store deletes. The data plane writes them. */
export class StoredMessages implements Disposable {
  readonly #store: Pick<Store, 'messages' | 'seenMs'>
  readonly #database: Database
  readonly #clock: Clock
  readonly #logger: Logger
  #timer: Disposable
  #closed = false

  constructor(store: Pick<Store, 'messages' | 'seenMs'>, clock: Clock, logger: Logger) {
    this.#store = store
    this.#database = store.messages
    this.#clock = clock
    this.#logger = logger
    this.#timer = this.#next()
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
    const rows = found.slice(0, query.limit).map(journalRow)
    return { rows, more: found.length > query.limit }
  }

  /** Newest first, from below `before`. */
  quarantine(query: {
    readonly route?: string | undefined
    readonly before?: number | undefined
    readonly limit: number
  }): { readonly rows: readonly Quarantined[]; readonly more: boolean } {
    const { where, values } = conditions({ 'id < ?': query.before, 'route = ?': query.route })
    // How large they are first, which reads none of them: a page of large ones is shorter.
    const sizes = this.#database.all<{ id: number; bytes: number }>({
      sql: `SELECT id, octet_length(payload) AS bytes FROM quarantine ${where} ORDER BY id DESC LIMIT ?`,
      values: [...values, query.limit + 1],
    })
    let bytes = 0
    const taken = sizes.slice(0, query.limit).filter((row, index) => {
      bytes += Math.min(row.bytes, shownBytes)
      return index === 0 || bytes <= pageBytes
    })
    const last = taken.at(-1)
    if (!last) return { rows: [], more: false }
    const found = this.#database.all<QuarantineRecord>({
      sql: `SELECT id, at, route, topic, substr(payload, 1, ${shownBytes}) AS payload, reason, target, cut_from AS cutFrom,
                   octet_length(payload) AS bytes, properties, client
            FROM quarantine ${where === '' ? 'WHERE' : `${where} AND`} id >= ? ORDER BY id DESC LIMIT ?`,
      values: [...values, last.id, query.limit],
    })
    const rows = found.map((row) => {
      const { properties, client, ...rest } = row
      const { text, encoding } = shown(row.payload)
      const view = shownBrought(restoredProperties(properties))
      return { ...rest, payload: text, encoding, ...(client !== null && { client }), ...(view && { properties: view }) }
    })
    return { rows, more: sizes.length > taken.length }
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
    // The age as well: a console that is never open for long would not come to it.
    await this.#database.write([...statements, ...noteAge(this.#store.seenMs())], 'journal')
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#timer[Symbol.dispose]()
  }

  /**
   * The name under which brokers keep what the router has not acknowledged: the same for ever on this site. Null while the database cannot
   * be read; then they keep nothing.
   */
  routerName(): string | null {
    try {
      const found = this.#database.get<{ id: string }>({ sql: 'SELECT id FROM router_identity' })
      return found ? `wheelhouse-${found.id}` : null
    } catch (error) {
      this.#logger.warn(`The router's name could not be read, so brokers keep nothing for it: ${String(error)}.`)
      return null
    }
  }

  #newest({ route, before, limit }: JournalQuery): readonly JournalRecord[] {
    const { where, values } = conditions({ 'seq < ?': before, 'route = ?': route })
    return this.#database.all<JournalRecord>({
      sql: `SELECT seq, at, route, topic, payload, broker, properties FROM journal ${where} ORDER BY seq DESC LIMIT ?`,
      values: [...values, limit + 1],
    })
  }

  #newestOfTopic({ route, before, limit }: JournalQuery, topic: string): readonly JournalRecord[] {
    const { where, values } = conditions({ 'seq < ?': before, 'route = ?': route })
    return this.#database.all<JournalRecord>({
      sql: `SELECT seq, at, route, topic, payload, broker, properties FROM (SELECT * FROM journal ${where} ORDER BY seq DESC LIMIT ?)
            WHERE topic = ? ORDER BY seq DESC LIMIT ?`,
      values: [...values, topicSearchRows, topic, limit + 1],
    })
  }

  #next(): Disposable {
    return this.#clock.after(noteEveryMs, () => void this.#noteAge())
  }

  async #noteAge(): Promise<void> {
    try {
      await this.#database.write(noteAge(this.#store.seenMs()), 'journal')
    } catch (error) {
      if (this.#closed) return
      const why = error instanceof Error ? error.message : String(error)
      this.#logger.warn(`How old the journal is could not be noted, so it is kept a little longer: ${why}`)
    }
    if (!this.#closed) this.#timer = this.#next()
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

function journalRow({ payload, broker, properties, ...rest }: JournalRecord): JournalRow {
  const { text, encoding } = shown(payload)
  const brought = shownText(properties)
  return {
    ...rest,
    payload: text,
    encoding,
    ...(broker !== null && { broker }),
    ...(brought && { properties: brought }),
  }
}

/** A payload as it is shown: text when it is that, else hex. */
export function shown(payload: string | Uint8Array): { readonly text: string; readonly encoding: 'utf8' | 'hex' } {
  return typeof payload === 'string'
    ? { text: payload, encoding: 'utf8' }
    : { text: Buffer.from(payload).toString('hex'), encoding: 'hex' }
}
