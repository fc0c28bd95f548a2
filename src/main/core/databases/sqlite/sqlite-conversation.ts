import Database from 'better-sqlite3'
import { type Cell, fromCell } from './cells.ts'
import type { SqliteAnswer } from './sqlite-protocol.ts'

export interface SqliteRequest {
  readonly text: string
  readonly values: readonly Cell[]
}

// Only for the sqlite-session program: what is here may run long.

/** Rows that one statement may give: more would not pass in one piece. */
const mostRows = 100_000

/** One connection, asked one statement at a time. */
export class SqliteConversation {
  readonly #database: Database.Database

  /** Throws SQLite's own error, also when there is no such file: none is ever made. */
  constructor(path: string, busyMs: number) {
    const database = new Database(path, { fileMustExist: true, timeout: busyMs })
    try {
      // Reads the header, so that what is no database is found here. The journal mode is the site's own and stays as it is.
      database.pragma('schema_version')
      database.pragma('foreign_keys = ON')
      database.pragma('trusted_schema = OFF')
      database.pragma('synchronous = FULL')
      database.pragma('mmap_size = 0')
    } catch (error) {
      database.close()
      throw error
    }
    this.#database = database
  }

  ask({ text, values }: SqliteRequest): SqliteAnswer {
    try {
      return this.#run(text, values.map(fromCell))
    } catch (error) {
      return SqliteConversation.failure(error, this.#database.inTransaction)
    }
  }

  close(): void {
    this.#database.close()
  }

  static failure(error: unknown, inTransaction: boolean): SqliteAnswer {
    const message = error instanceof Error ? error.message : String(error)
    // better-sqlite3 throws errors without a code for what it refuses itself, such as two statements in one text.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'SQLITE_MISUSE'
    return { failed: { code, message }, inTransaction }
  }

  #run(text: string, values: readonly (null | string | number | bigint | Buffer)[]): SqliteAnswer {
    const statement = this.#database.prepare(text)
    if (!statement.reader) {
      const { changes } = statement.run(...values)
      return { columns: [], rows: [], count: changes, inTransaction: this.#database.inTransaction }
    }
    const columns = statement.columns().map(({ name }) => name)
    const rows: Cell[][] = []
    for (const row of statement
      .raw()
      .safeIntegers()
      .iterate(...values)) {
      if (rows.length === mostRows)
        throw new Error(`the statement gives more than ${mostRows} rows; ask for fewer with LIMIT`)
      rows.push(Array.isArray(row) ? row.map(cellOf) : [])
    }
    return { columns, rows, count: rows.length, inTransaction: this.#database.inTransaction }
  }
}

function cellOf(value: unknown): Cell {
  if (typeof value === 'bigint') {
    const small = Number(value)
    return Number.isSafeInteger(small) ? small : { int: value.toString() }
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : { real: String(value) }
  if (value instanceof Uint8Array) return { blob: Buffer.from(value).toString('base64') }
  return value === null ? null : String(value)
}
