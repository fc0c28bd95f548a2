import { lstatSync } from 'node:fs'
import Database from 'better-sqlite3'
import { lastRound } from './log-round.ts'
import { databaseEndings } from './quarantine.ts'
import { type AppliedVersions, appliedVersions, hasTable, refuseNewerFormat, strangeIn } from './schema-versions.ts'
import { failureKind, failureOf } from './sqlite-failure.ts'
import type { DatabaseName } from './types.ts'

/** What lies on the disk under a database's name. */
export type Found =
  | { readonly state: 'empty' }
  /** `canShrink`: free pages can be given back; a file of an earlier console must be written anew for that. */
  | {
      readonly state: 'closed cleanly' | 'not closed'
      readonly versions: AppliedVersions
      readonly canShrink: boolean
      /** The last round of its log that it knows of. */
      readonly round: number
    }
  | { readonly state: 'damaged'; readonly reason: string }

/** What the file system alone says is wrong: no file though there was one, nothing in it, or something else than a file. */
export function wrongFile(name: DatabaseName, path: string, existed: boolean): string | null {
  for (const ending of databaseEndings) {
    const found = lstatSync(`${path}${ending}`, { throwIfNoEntry: false })
    if (found && !found.isFile()) return `${name}.db${ending} is no file`
  }
  const size = lstatSync(path, { throwIfNoEntry: false })?.size
  if (!existed || (size !== undefined && size > 0)) return null
  return size === undefined ? 'its file is missing' : 'its file is empty, 0 bytes'
}

/** Bytes; 0 when there is no such file. */
export function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** When a database, its log or the index of that was last written, wall-clock milliseconds; 0 when there is none. */
export function lastWrite(path: string): number {
  const times = ['', '-wal', '-shm'].map(
    (ending) => lstatSync(`${path}${ending}`, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  )
  return Math.round(Math.max(...times))
}

const closedMark = 'closed'
/** What SQLite calls an auto_vacuum that waits to be told. */
const incremental = 2

/**
 * Looks at a database without changing anything: a read-only connection neither checkpoints nor removes the write-ahead
 * log that a crash left. Short, whatever the size. A rollback journal is the exception: it is of a database that was being made
 * when the console was killed, before its write-ahead log came into use, and nobody can read it before it is rolled back. Throws
 * `store-from-newer-version`.
 */
export function inspect(name: DatabaseName, path: string): Found {
  try {
    return look(name, path)
  } catch (error) {
    if (failureOf(error).code !== 'SQLITE_READONLY_ROLLBACK') throw error
    rollBack(path)
    return look(name, path)
  }
}

function look(name: DatabaseName, path: string): Found {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 })
    refuseNewerFormat(name, database)
    const strange = strangeIn(database)
    if (strange !== null) return { state: 'damaged', reason: `${strange} is in it, which the console never made` }
    const versions = appliedVersions(name, database)
    if (!hasTable(database, 'store_marks')) return { state: 'empty' }
    const mark = database
      .prepare<[string], string>('SELECT value FROM store_marks WHERE name = ?')
      .pluck()
      .get(closedMark)
    const canShrink = database.pragma('auto_vacuum', { simple: true }) === incremental
    const state = mark === 'cleanly' ? 'closed cleanly' : 'not closed'
    return { state, versions, canShrink, round: lastRound(database) }
  } catch (error) {
    const failure = failureOf(error)
    if (error instanceof Database.SqliteError && failureKind(failure) === 'damaged') {
      return { state: 'damaged', reason: failure.message }
    }
    throw error
  } finally {
    database?.close()
  }
}

/** The first read on a connection that may write rolls back what was not committed. */
function rollBack(path: string): void {
  const database = new Database(path, { fileMustExist: true, timeout: 5_000 })
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
  } finally {
    database.close()
  }
}

/** Notes durably whether the database was closed properly. Written at opening and as the last thing before closing. */
export function markClosed(database: Database.Database, value: 'cleanly' | 'not yet'): void {
  database.pragma('synchronous = FULL')
  database.prepare('INSERT OR REPLACE INTO store_marks (name, value) VALUES (?, ?)').run(closedMark, value)
}

/** Writes something that needs new space on the disk, durably, and takes it back. Throws SQLite's error when it cannot. */
export function tryWriting(database: Database.Database): void {
  database.pragma('synchronous = FULL')
  const set = database.prepare('INSERT OR REPLACE INTO store_marks (name, value) VALUES (?, ?)')
  set.run('probe', 'x'.repeat(32 * 1024))
  set.run('probe', '')
}

/** Writes a file of an earlier console anew, in one transaction, so that it can give space back. Without room for that it stays as it is. */
export function letShrink(database: Database.Database): void {
  if (database.pragma('auto_vacuum', { simple: true }) === incremental) return
  try {
    database.pragma('auto_vacuum = INCREMENTAL')
    database.exec('VACUUM')
  } catch (error) {
    // Its free pages are used again, and it is tried at the next opening.
    if (failureKind(failureOf(error)) === 'damaged') throw error
  }
}

/** A writable connection set up for a writer thread. `path` need not exist yet, unless an `existing` one is asked for. */
export function openForWriting(path: string, which: 'new' | 'existing' = 'new'): Database.Database {
  const database = new Database(path, { timeout: 5_000, fileMustExist: which === 'existing' })
  try {
    // Records come and go: the file must be able to shrink. Only effective before the first table.
    database.pragma('auto_vacuum = INCREMENTAL')
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('mmap_size = 0')
    database.pragma('cache_size = -8000')
    database.pragma('journal_size_limit = 67108864')
    database.pragma('wal_autocheckpoint = 4000')
    database.pragma('trusted_schema = OFF')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
