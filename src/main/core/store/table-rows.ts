import Database from 'better-sqlite3'

// Only for the database-copy program.

/** How far past a place that cannot be read is looked for readable rows; sequences may begin at milliseconds since 1970. */
const largestSkip = 2 ** 45

/** Copies the rows of every table that both databases have, as far as they can be read and fit. Counts them by table. */
export function copyRows(
  from: Database.Database,
  to: Database.Database,
  leftOut: (table: string) => boolean,
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const table of ownTables(to, leftOut)) {
    const count = to.transaction(() => copyTable(from, to, table))()
    if (count > 0) counts[table] = count
  }
  return counts
}

/** Ordinary tables; those that a full-text index keeps for itself are filled by it. */
function ownTables(database: Database.Database, leftOut: (table: string) => boolean): readonly string[] {
  return database
    .prepare<[], { name: string; type: string }>("SELECT name, type FROM pragma_table_list WHERE schema = 'main'")
    .all()
    .flatMap(({ name, type }) => (type === 'table' && !leftOut(name) ? [name] : []))
}

function copyTable(from: Database.Database, to: Database.Database, table: string): number {
  const columns = sharedColumns(from, to, table)
  if (columns.length === 0) return 0
  const names = columns.map((column) => `"${column}"`).join(', ')
  const insert = to.prepare(`INSERT OR IGNORE INTO "${table}" (${names}) VALUES (${columns.map(() => '?').join(', ')})`)
  let count = 0
  const take = (row: readonly unknown[]) => {
    try {
      count += insert.run(...row).changes
    } catch {
      // A row that does not fit the table's rules was damaged with its page.
    }
  }
  if (hasRowid(to, table)) readByRowid(from, table, names, take)
  else readInOrder(from, `SELECT ${names} FROM "${table}"`, take)
  return count
}

function sharedColumns(from: Database.Database, to: Database.Database, table: string): readonly string[] {
  const columnsOf = (database: Database.Database) =>
    database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
  try {
    const there = new Set(columnsOf(from))
    return columnsOf(to).filter((column) => there.has(column))
  } catch {
    return [] // Not even the schema can be read.
  }
}

function hasRowid(database: Database.Database, table: string): boolean {
  const [found] = database
    .prepare<[string], { wr: number }>('SELECT wr FROM pragma_table_list WHERE name = ?')
    .all(table)
  return found?.wr === 0
}

/**
 * Reads upwards; at a page that cannot be read it goes on behind it, further and further until rows come again, and from there
 * back down to the page.
 */
function readByRowid(
  from: Database.Database,
  table: string,
  names: string,
  take: (row: readonly unknown[]) => void,
): void {
  const up = `SELECT rowid, ${names} FROM "${table}" WHERE rowid > ? ORDER BY rowid`
  const down = `SELECT rowid, ${names} FROM "${table}" WHERE rowid < ? AND rowid > ? ORDER BY rowid DESC`
  let readTo = -1
  for (let skip = 0; skip < largestSkip; skip = Math.max(1, skip * 2)) {
    const before = readTo
    try {
      for (const [rowid, ...values] of rowsOf(from, up, before + skip)) {
        const at = Number(rowid)
        if (skip > 0) readInOrder(from, down, (row) => take(row.slice(1)), at, before)
        take(values)
        readTo = at
        skip = 0
      }
      return
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error
    }
  }
}

function readInOrder(
  from: Database.Database,
  sql: string,
  take: (row: readonly unknown[]) => void,
  ...values: readonly number[]
): void {
  try {
    for (const row of rowsOf(from, sql, ...values)) take(row)
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
  }
}

function rowsOf(database: Database.Database, sql: string, ...values: readonly number[]): Iterable<readonly unknown[]> {
  return database
    .prepare<number[], unknown[]>(sql)
    .raw()
    .safeIntegers()
    .iterate(...values)
}
