import type Database from 'better-sqlite3'
import type { SqlValue, Statement } from './types.ts'

/** A prepared statement; a row is whatever type its caller names, which `never` can become. */
export type Prepared = Database.Statement<unknown[], never>

/** Prepared statements of one connection by their text, the least recently used given up beyond `capacity`. */
export class StatementCache {
  readonly #database: Database.Database
  readonly #capacity: number
  readonly #prepared = new Map<string, Prepared>()
  /** Most often the next statement is the one before again. */
  #last: { readonly sql: string; readonly prepared: Prepared } | undefined

  constructor(database: Database.Database, capacity = 300) {
    this.#database = database
    this.#capacity = capacity
  }

  /** Throws SQLite's error when the text is not one valid statement, or what `check` throws about a text not yet known. */
  prepare(sql: string, check?: (sql: string) => void): Prepared {
    if (this.#last?.sql === sql) return this.#last.prepared
    const known = this.#prepared.get(sql)
    if (known) this.#prepared.delete(sql)
    else check?.(sql)
    const prepared = known ?? this.#database.prepare<unknown[], never>(sql)
    this.#prepared.set(sql, prepared)
    this.#last = { sql, prepared }
    if (this.#prepared.size > this.#capacity) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest)
        break
      }
    }
    return prepared
  }
}

/** The values of a statement as better-sqlite3 takes them. */
export function bound(
  statement: Statement,
): readonly [] | readonly [readonly SqlValue[] | Readonly<Record<string, SqlValue>>] {
  return statement.values === undefined ? [] : [statement.values]
}
