import type { RouteDefinition } from '#core/config/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database, SqlValue, Store } from '#core/store/index.ts'
import type { JournalRow, Quarantined } from '#shared/contract/messages.ts'
import { shownBrought, shownText } from './brought.ts'
import { restoredProperties } from './message-properties.ts'
import { type FirstBytes, firstBytes, shownFirst } from './shown-payload.ts'
import { noteAge } from './tables.ts'

/** How often the age of the journal is noted: its rows are kept that much longer at most. */
const noteEveryMs = 5 * 60_000

/** Rows that a search for a topic looks at. */
const topicSearchRows = 200_000

interface JournalQuery {
  readonly route?: string | undefined
  readonly topic?: string | undefined
  readonly before?: number | undefined
  readonly limit: number
}

interface JournalRecord extends FirstBytes {
  readonly seq: number
  readonly at: number
  readonly route: string
  readonly topic: string
  readonly bytes: number
  readonly broker: string | null
  readonly properties: string | null
  readonly client: string | null
}

/** How large the payload of a row is. */
interface Size {
  readonly id: number
  readonly bytes: number
}

interface QuarantineRecord extends FirstBytes {
  readonly id: number
  readonly at: number
  readonly route: string
  readonly topic: string
  readonly reason: string
  readonly target: string | null
  readonly cutFrom: number | null
  readonly bytes: number
  readonly properties: string | null
  readonly client: string | null
  readonly broker: string | null
}

/** Bytes of a payload that are shown, and of one page of them. */
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
   * Newest first, from below `before`, read in the reader's thread; a page of large ones is shorter. A topic is looked for in the newest
   * 200,000 rows below `before`: an index on topics would cost every row written more than the row itself.
   */
  async journal(query: JournalQuery): Promise<{ readonly rows: readonly JournalRow[]; readonly more: boolean }> {
    const { route, topic, before, limit } = query
    const { where, values } = conditions({ 'seq < ?': before, 'route = ?': route })
    const looked =
      topic === undefined
        ? { from: `journal ${where}`, values }
        : {
            from: `(SELECT seq, topic, payload FROM journal ${where} ORDER BY seq DESC LIMIT ${topicSearchRows}) WHERE topic = ?`,
            values: [...values, topic],
          }
    const sizes = await this.#database.query<Size>({
      sql: `SELECT seq AS id, octet_length(payload) AS bytes FROM ${looked.from} ORDER BY seq DESC LIMIT ?`,
      values: [...looked.values, limit + 1],
      name: topic === undefined ? 'page of the journal' : 'topic in the journal',
    })
    const taken = pageOf(sizes, limit)
    if (taken.length === 0) return { rows: [], more: false }
    const found = await this.#database.query<JournalRecord>({
      sql: `SELECT seq, at, route, topic, ${firstBytes(shownBytes)}, octet_length(payload) AS bytes, broker, properties, client
            FROM journal WHERE seq IN (${taken.map(() => '?').join(',')}) ORDER BY seq DESC`,
      values: taken.map(({ id }) => id),
      name: 'rows of the journal',
    })
    return { rows: found.map(journalRow), more: sizes.length > taken.length }
  }

  /** Newest first, from below `before`. */
  quarantine(query: {
    readonly route?: string | undefined
    readonly before?: number | undefined
    readonly limit: number
  }): { readonly rows: readonly Quarantined[]; readonly more: boolean } {
    const { where, values } = conditions({ 'id < ?': query.before, 'route = ?': query.route })
    // How large they are first, which reads none of them: a page of large ones is shorter.
    const sizes = this.#database.all<Size>({
      sql: `SELECT id, octet_length(payload) AS bytes FROM quarantine ${where} ORDER BY id DESC LIMIT ?`,
      values: [...values, query.limit + 1],
    })
    const taken = pageOf(sizes, query.limit)
    const last = taken.at(-1)
    if (!last) return { rows: [], more: false }
    const found = this.#database.all<QuarantineRecord>({
      sql: `SELECT id, at, route, topic, ${firstBytes(shownBytes)}, reason, target, cut_from AS cutFrom,
                   octet_length(payload) AS bytes, properties, client, broker
            FROM quarantine ${where === '' ? 'WHERE' : `${where} AND`} id >= ? ORDER BY id DESC LIMIT ?`,
      values: [...values, last.id, query.limit],
    })
    const rows = found.map((row) => {
      const { properties, payload, isText, client, broker, ...rest } = row
      const view = shownBrought(restoredProperties(properties))
      const from = { ...(client !== null && { client }), ...(broker !== null && { broker }) }
      return { ...rest, ...shownFirst({ payload, isText }), ...from, ...(view && { properties: view }) }
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

/** The first rows whose payloads are not too much together; one at least. */
function pageOf(sizes: readonly Size[], limit: number): readonly Size[] {
  let bytes = 0
  return sizes.slice(0, limit).filter((row, index) => {
    bytes += Math.min(row.bytes, shownBytes)
    return index === 0 || bytes <= pageBytes
  })
}

function journalRow({ payload, isText, broker, properties, client, ...rest }: JournalRecord): JournalRow {
  const brought = shownText(properties)
  return {
    ...rest,
    ...shownFirst({ payload, isText }),
    ...(broker !== null && { broker }),
    ...(client !== null && { client }),
    ...(brought && { properties: brought }),
  }
}
