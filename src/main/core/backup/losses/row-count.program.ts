/**
 * Helper process: counts the rows of each table of one SQLite database, one line of JSON for each. It is a process of its own
 * because counting may run long and cannot be interrupted otherwise; what it has said counts although it is killed.
 *
 *     row-count PATH
 */
import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'

const mostTables = 500
const path = process.argv[2] ?? ''

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

try {
  // A write-ahead log belongs to a running writer, or to a crash: a read-only connection leaves it there.
  const readonly = existsSync(`${path}-wal`)
  const database = new Database(path, { readonly, fileMustExist: true, timeout: 3_000 })
  const tables = database
    .prepare<[], string>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .pluck()
    .all()
  say({ tables: tables.slice(0, mostTables) })
  for (const table of tables.slice(0, mostTables)) {
    const rows = database
      .prepare<[], number>(`SELECT count(*) FROM "${table.replaceAll('"', '""')}"`)
      .pluck()
      .get()
    say({ table, rows: rows ?? 0 })
  }
  database.close()
  say({ done: true })
} catch (error) {
  say({ failed: error instanceof Error ? error.message : String(error) })
}
