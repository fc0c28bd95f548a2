import type Database from 'better-sqlite3'
import { type CrashPoints, noCrashPoints } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { DatabaseName, Migration, Schema } from './types.ts'

/** The version of the store's own tables, kept in `user_version`; a database with a higher one is from the future. */
export const storeFormat = 1

/** The newest version of each owner's tables that a database holds. */
export type AppliedVersions = Readonly<Record<string, number>>

export interface PendingMigration extends Migration {
  readonly owner: string
}

/**
 * The steps that a database lacks, in order. Throws a ConsoleError `store-from-newer-version` when the database has a step
 * that this console does not know: an older console must not touch it. Throws an Error when the schemas are numbered wrongly.
 */
export function pendingMigrations(
  database: DatabaseName,
  applied: AppliedVersions,
  schemas: readonly Schema[],
): readonly PendingMigration[] {
  const owners = new Set<string>()
  return schemas.flatMap(({ owner, migrations }) => {
    if (owners.has(owner)) throw new Error(`Two schemas of the ${database} database belong to ${owner}.`)
    owners.add(owner)
    for (const [index, { version }] of migrations.entries()) {
      if (version !== index + 1) throw new Error(`Migration ${version} of ${owner} should be number ${index + 1}.`)
    }
    const at = applied[owner] ?? 0
    if (at > migrations.length) throw fromNewerVersion(database, owner, at, migrations.length)
    return migrations.slice(at).map((migration) => ({ ...migration, owner }))
  })
}

/** Reads the versions from a database; none when it is new. Throws `store-from-newer-version` for an unknown store format. */
export function appliedVersions(name: DatabaseName, database: Database.Database): AppliedVersions {
  refuseNewerFormat(name, database)
  if (!hasTable(database, 'store_versions')) return {}
  const rows = database
    .prepare<[], { owner: string; version: number }>(
      'SELECT owner, max(version) AS version FROM store_versions GROUP BY owner',
    )
    .all()
  return Object.fromEntries(rows.map(({ owner, version }) => [owner, version]))
}

/** Throws `store-from-newer-version` for an unknown store format. */
export function refuseNewerFormat(name: DatabaseName, database: Database.Database): void {
  const format = database.prepare<[], number>('PRAGMA user_version').pluck().get() ?? 0
  if (format > storeFormat) throw fromNewerVersion(name, 'store', format, storeFormat)
}

/**
 * A view or trigger, which the console makes in no database of {@link storeFormat}: what somebody else put there would run with the
 * console's own statements, perhaps for ever. Told by the text, since the column `type` is only what its writer says. Null when there is none.
 */
export function strangeIn(database: Database.Database): string | null {
  const sql = `SELECT name FROM sqlite_schema WHERE sql NOT GLOB 'CREATE TABLE *' AND sql NOT GLOB 'CREATE INDEX *'
                 AND sql NOT GLOB 'CREATE UNIQUE INDEX *' AND sql NOT GLOB 'CREATE VIRTUAL TABLE *' LIMIT 1`
  return database.prepare<[], string>(sql).pluck().get() ?? null
}

/** Applies the steps in one transaction: after a failure or a power cut the database is as it was. */
export function migrate(
  database: Database.Database,
  pending: readonly PendingMigration[],
  at: number,
  crashPoints: CrashPoints = noCrashPoints,
): void {
  database.transaction(() => {
    database.exec(`
      CREATE TABLE IF NOT EXISTS store_versions (
        owner TEXT NOT NULL, version INTEGER NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (owner, version)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS store_marks (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      PRAGMA user_version = ${storeFormat}`)
    const note = database.prepare('INSERT INTO store_versions (owner, version, what, at) VALUES (?, ?, ?, ?)')
    for (const { owner, version, what, sql } of pending) {
      database.exec(sql)
      note.run(owner, version, what, at)
      crashPoints.reach('store.while-migrating')
    }
  })()
}

/**
 * Lets every AUTOINCREMENT table go on from at least `from`. A database that takes the place of a damaged one must not give
 * a sequence that the damaged one had given already: events, cursors and snapshots refer to them for ever.
 */
export function continueSequences(database: Database.Database, from: number): void {
  const tables = database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    .pluck()
    .all()
  database.transaction(() => {
    for (const table of tables) {
      const { changes } = database
        .prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?')
        .run(from, table)
      if (changes === 0) database.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, from)
    }
  })()
}

export function hasTable(database: Database.Database, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
}

function fromNewerVersion(database: DatabaseName, owner: string, found: number, known: number): ConsoleError {
  return new ConsoleError(
    'store-from-newer-version',
    `The site's ${database} database was written by a newer Wheelhouse: its ${owner} tables have version ${found}, and this one knows ${known}.`,
    'Open the site with the newer Wheelhouse, or put back the copy from before the upgrade (.wheelhouse/copies).',
    { params: { database, owner, found, known } },
  )
}
