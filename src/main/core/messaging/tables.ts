import type { Schema, SqlValue, Statement } from '#core/store/index.ts'

/** The messages database: journal, quarantine, and how long each route's rows are kept. */
export const messagingSchema: Schema = {
  owner: 'messaging',
  // What could not be routed before what was: it was wrong already when it came.
  retention: [
    { table: 'quarantine', key: 'id', givesWay: 1 },
    { table: 'journal', key: 'seq', givesWay: 2 },
  ],
  newest: 'SELECT at FROM journal ORDER BY seq DESC LIMIT 1',
  migrations: [
    {
      version: 1,
      what: 'journal by route, quarantine, keep time of each journal',
      sql: `
        CREATE TABLE journal (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          at INTEGER NOT NULL,
          route TEXT NOT NULL,
          topic TEXT NOT NULL,
          payload ANY NOT NULL -- text when it is UTF-8, else the bytes
        ) STRICT;
        CREATE INDEX journal_by_route ON journal (route, seq);
        CREATE TABLE journal_keeping (
          route TEXT PRIMARY KEY,
          keep_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE quarantine (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          at INTEGER NOT NULL,
          route TEXT NOT NULL,
          topic TEXT NOT NULL,
          payload ANY NOT NULL,
          reason TEXT NOT NULL
        ) STRICT;
        CREATE INDEX quarantine_by_route ON quarantine (route, id);
      `,
    },
  ],
}

/** A table that rows are only ever added to, and in which columns. */
export interface RowTable {
  readonly name: string
  readonly columns: readonly string[]
}

export const journalTable: RowTable = { name: 'journal', columns: ['at', 'route', 'topic', 'payload'] }
export const quarantineTable: RowTable = {
  name: 'quarantine',
  columns: ['at', 'route', 'topic', 'payload', 'reason'],
}

/** Rows that one statement adds. Few sizes, so that the writer keeps few prepared statements. */
const sizes = [200, 20, 1] as const

/** Statements that add rows given as one flat list of values, row after row. */
export function insertRows(table: RowTable, values: readonly SqlValue[]): readonly Statement[] {
  const width = table.columns.length
  const statements: Statement[] = []
  let from = 0
  for (const size of sizes) {
    const sql = insertSql(table, size)
    for (; values.length - from >= size * width; from += size * width) {
      statements.push({ sql, values: values.slice(from, from + size * width) })
    }
  }
  return statements
}

function insertSql(table: RowTable, rows: number): string {
  const row = `(${table.columns.map(() => '?').join(',')})`
  return `INSERT INTO ${table.name} (${table.columns.join(',')}) VALUES ${Array.from({ length: rows }, () => row).join(',')}`
}
