import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database, DatabaseName, Keys, Retention, Schema } from './types.ts'

/** How often sizes are looked at, and every how many looks the rules about rows. */
const everyMs = 5_000
const rulesEvery = 6

/** Above this share of its limit a database gives rows up, until it is below the other. */
const highWater = 0.9
const lowWater = 0.8

/** Rows that one step deletes: few beside other work, more where space is short. */
const rowsInStep = 500
const rowsUnderPressure = 20_000

/** Free pages that are kept for what comes next, and how many of the others go back to the file system in one look. */
const sparePages = 1_000
const pagesInStep = 2_000

export interface RetentionSweepParts {
  readonly databases: Readonly<Record<DatabaseName, Database>>
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly limits: () => Readonly<Record<DatabaseName, number>>
  /** Whether rows of a database can be deleted at present. */
  readonly writable: (database: DatabaseName) => boolean
  /** Length of the file itself. */
  readonly fileBytes: (database: DatabaseName) => number
  /** Gives free pages back to the file system. */
  readonly shrink: (database: DatabaseName, pages: number) => void
  readonly seenMs: () => number
  readonly clock: Clock
  readonly logger: Logger
}

interface Size {
  /** All of it, free pages as well. */
  readonly bytes: number
  readonly usedBytes: number
  readonly freePages: number
}

const names = ['control', 'messages'] as const

/** Keeps every database within its size, and every table within its rules, in small steps of the class `housekeeping`. */
export class RetentionSweep implements AsyncDisposable {
  readonly #parts: RetentionSweepParts
  readonly #deleted: Record<string, number> = {}
  /** Rows of a table as last counted, and its highest key then: how many it can have at most now. */
  readonly #counted = new Map<string, { readonly rows: number; readonly high: number }>()
  readonly #full = new Set<DatabaseName>()
  #looks = 0
  #timer: Disposable
  #running: Promise<void> = Promise.resolve()
  #closed = false

  constructor(parts: RetentionSweepParts) {
    this.#parts = parts
    this.#timer = this.#next()
  }

  /** Rows deleted since the store was opened, by table. */
  get deleted(): Readonly<Record<string, number>> {
    return { ...this.#deleted }
  }

  /** One look at everything, now. */
  async sweep(): Promise<void> {
    for (const name of names) {
      if (!this.#parts.writable(name)) continue
      await this.#giveWay(name)
      if (this.#looks % rulesEvery === 0) await this.#keepRules(name)
      this.#shrink(name)
    }
    this.#looks++
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer[Symbol.dispose]()
    await this.#running
  }

  #next(): Disposable {
    return this.#parts.clock.after(everyMs, () => {
      this.#running = this.sweep()
        .catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error)
          if (!this.#closed) this.#parts.logger.warn(`Old records could not be deleted: ${why}`)
        })
        .then(() => {
          if (!this.#closed) this.#timer = this.#next()
        })
    })
  }

  /** The tables that may give rows up, in their order, until there is room again. */
  async #giveWay(name: DatabaseName): Promise<void> {
    const limit = this.#parts.limits()[name]
    if (this.#size(name).usedBytes <= limit * highWater) {
      this.#full.delete(name)
      return
    }
    for (const rule of this.#rules(name).filter(({ givesWay }) => givesWay !== undefined)) {
      let step = rowsInStep
      for (;;) {
        const { usedBytes } = this.#size(name)
        if (usedBytes <= limit * lowWater || this.#closed) return
        const gone = await this.#delete(name, rule, oldest(rule, step))
        if (gone === 0) break
        // What the rows before took says how many are needed: no more are given up than must be.
        const bytesPerRow = Math.max(1, (usedBytes - this.#size(name).usedBytes) / gone)
        const missing = this.#size(name).usedBytes - limit * lowWater
        step = Math.min(rowsUnderPressure, Math.max(rowsInStep, Math.ceil(missing / bytesPerRow)))
      }
    }
    if (this.#full.has(name)) return
    this.#full.add(name)
    this.#parts.logger.warn(`The ${name} database is larger than it may be, and holds nothing that may be given up.`)
  }

  async #keepRules(name: DatabaseName): Promise<void> {
    for (const rule of this.#rules(name)) {
      const read = this.#parts.databases[name]
      for (const keys of rule.expired?.(read, this.#parts.seenMs(), rowsInStep) ?? []) {
        while (!this.#closed && (await this.#delete(name, rule, keys)) >= rowsInStep) {}
      }
      let excess = rule.mostRows === undefined ? 0 : await this.#excess(name, rule, rule.mostRows)
      while (excess > 0 && !this.#closed) {
        const gone = await this.#delete(name, rule, oldest(rule, Math.min(excess, rowsInStep)))
        excess = gone === 0 ? 0 : excess - gone
      }
    }
  }

  /** Keys have gaps, so they say only how many rows there can be; the rows themselves are counted seldom, in the reader thread. */
  async #excess(name: DatabaseName, { table, key }: Retention, most: number): Promise<number> {
    const database = this.#parts.databases[name]
    const ends = { sql: `SELECT min(${key}) AS low, max(${key}) AS high FROM ${table}` }
    const { low, high } = database.get<{ low: number | null; high: number | null }>(ends) ?? { low: null, high: null }
    if (low === null || high === null) return 0
    const before = this.#counted.get(table) ?? { rows: 0, high: low - 1 }
    if (Math.min(before.rows + (high - before.high), high - low + 1) <= most) return 0
    const counted = await database.query<{ rows: number }>(
      { sql: `SELECT count(*) AS rows FROM ${table}`, name: `count ${table}` },
      { atMostMs: 60_000 },
    )
    const rows = counted[0]?.rows ?? 0
    this.#counted.set(table, { rows, high })
    return Math.max(0, rows - most)
  }

  async #delete(name: DatabaseName, rule: Retention, keys: Keys): Promise<number> {
    const { table, key, alongside } = rule
    const statements = [
      ...(alongside?.(keys) ?? []),
      { sql: `DELETE FROM ${table} WHERE ${key} IN (${keys.sql})`, values: keys.values },
    ]
    const results = await this.#parts.databases[name].write(statements, 'housekeeping')
    const gone = results.at(-1)?.changes ?? 0
    if (gone > 0) this.#deleted[table] = (this.#deleted[table] ?? 0) + gone
    // Only what is really gone: a step that the disk refused is taken again at the next look.
    const counted = this.#counted.get(table)
    if (counted) this.#counted.set(table, { ...counted, rows: counted.rows - gone })
    return gone
  }

  #shrink(name: DatabaseName): void {
    const { bytes, freePages } = this.#size(name)
    const spare = freePages - sparePages
    // Pages that were given back are in the file until the log is carried over: somebody who read, or the disk, may have kept it from that.
    const isLonger = this.#parts.fileBytes(name) > bytes
    if (spare > 0 || isLonger) this.#parts.shrink(name, Math.max(1, Math.min(spare, pagesInStep)))
  }

  #size(name: DatabaseName): Size {
    const sql = `SELECT (SELECT page_size FROM pragma_page_size) AS bytes, (SELECT page_count FROM pragma_page_count) AS pages,
                   (SELECT freelist_count FROM pragma_freelist_count) AS free`
    const row = this.#parts.databases[name].get<{ bytes: number; pages: number; free: number }>({ sql })
    if (!row) return { bytes: 0, usedBytes: 0, freePages: 0 }
    const { bytes, pages, free } = row
    return { bytes: pages * bytes, usedBytes: (pages - free) * bytes, freePages: free }
  }

  #rules(name: DatabaseName): readonly Retention[] {
    return this.#parts.schemas[name]
      .flatMap(({ retention }) => retention ?? [])
      .sort((a, b) => (a.givesWay ?? 0) - (b.givesWay ?? 0))
  }
}

function oldest({ table, key }: Retention, rows: number): Keys {
  return { sql: `SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT ?`, values: [rows] }
}
