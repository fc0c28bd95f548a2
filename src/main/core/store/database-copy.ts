import { existsSync, rmSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { CheckKind, CheckResult, CopyResult } from './database-answer.ts'
import { timeSchema } from './own-text.ts'
import { makePrivateFile } from './private-file.ts'
import { hasTable } from './schema-versions.ts'
import { keepDamagedLog } from './write-ahead-log.ts'

// Only for the database-copy program: what is here may run long, and touches database files with fs.

const wholeInOneStep = 0x7fffffff

/**
 * Copies a database, live or not, as it is after the last commit, in one step: steps of some pages start over with every
 * foreign commit and may never end beside a writer, and VACUUM INTO rewrites pages that did not change. The copy is opened
 * and checked; on any failure it is removed. `to` must not exist yet. No -wal or -journal is left beside it.
 */
export async function copyFile(from: string, to: string): Promise<CopyResult> {
  if (!existsSync(from)) throw coded('database-missing', `There is no database ${from}.`)
  // Made first so that nobody else can read it while it is written; SQLite takes an empty file for a new database.
  if ((await makePrivateFile(to)) === 'there') throw coded('EEXIST', `There is a file ${to} already.`)
  try {
    const pages = await copyPages(from, to)
    if (pages === 0) throw coded('database-empty', `${from} holds no page; an empty copy would not be a backup.`)
    // Opened for writing, so that closing it removes the log which a database in WAL mode gets by being opened.
    const { ok, problems, versions } = check(new Database(to, { fileMustExist: true }), 'quick', [])
    if (!ok) throw coded('copy-damaged', `The copy of ${from} does not pass its check: ${problems.join('; ')}`)
    return { pages, bytes: statSync(to).size, versions }
  } catch (error) {
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${to}${ending}`, { force: true })
    throw error
  }
}

/** What a check looks for besides the structure. */
export interface CheckOptions {
  readonly kind: CheckKind
  /** Statements that each give the time of a newest record. */
  readonly newest: readonly string[]
  readonly keepLogIn: string | null
}

/**
 * Runs SQLite's checks. What is not a database, or cannot be read as one, is a finding and not an error. With `keepLogIn` the
 * write-ahead log is read first, and a damaged one makes the check a full one: pages of before and after it may be mixed then.
 */
export function checkFile(path: string, { kind, newest, keepLogIn }: CheckOptions): CheckResult {
  if (!existsSync(path)) throw coded('database-missing', `There is no database ${path}.`)
  const log = keepLogIn === null ? null : keepDamagedLog(path, keepLogIn)
  try {
    return { ...check(openAsFound(path), log ? 'full' : kind, newest), log }
  } catch (error) {
    if (isDamageOf(error)) return { ...damaged(error), log }
    throw error
  }
}

async function copyPages(from: string, to: string): Promise<number> {
  const source = openAsFound(from)
  try {
    let pages = 0
    await source.backup(to, {
      progress({ totalPages }) {
        pages = totalPages
        return wholeInOneStep
      },
    })
    return pages
  } finally {
    source.close()
  }
}

/**
 * Leaves beside the database what lies there: a read-only connection never removes a write-ahead log (it belongs to a
 * running writer, or to a crash that is still to be looked at), and a writable one removes the log that it made itself.
 */
function openAsFound(path: string): Database.Database {
  const readonly = existsSync(`${path}-wal`)
  return new Database(path, { readonly, fileMustExist: true, timeout: 10_000 })
}

function check(database: Database.Database, kind: CheckKind, newest: readonly string[]): Omit<CheckResult, 'log'> {
  try {
    const found = findingsOf(database, kind === 'full' ? 'integrity_check' : 'quick_check')
    const versions = versionsIn(database)
    const isIndex = (line: string) => versions !== null && ofDerivedIndex(line)
    const problems = found.filter((line) => line !== 'ok' && !isIndex(line))
    if (problems.length === 0 && kind === 'full') problems.push(...foreignKeyProblems(database))
    return {
      ok: problems.length === 0,
      problems,
      indexes: found.filter(isIndex),
      versions,
      newest: newestIn(database, newest),
    }
  } catch (error) {
    if (isDamageOf(error)) return damaged(error)
    throw error
  } finally {
    database.close()
  }
}

/** What SQLite's own check says, `ok` or at most 20 lines. */
function findingsOf(database: Database.Database, pragma: 'integrity_check' | 'quick_check'): readonly string[] {
  const lines = (argument: string) => database.prepare<[], string>(`PRAGMA ${pragma}(${argument})`).pluck().all()
  try {
    return lines('20')
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_NOMEM') throw error
    // FTS5 asks for as much memory as a damaged index says that it needs, and takes the whole check with it. What else there is
    // is checked table by table: a machine that really has no memory fails there too.
    const tables = database
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
      .pluck()
      .all()
    const found = tables.flatMap((table) => lines(`"${table.replaceAll('"', '""')}"`)).filter((line) => line !== 'ok')
    return [...found.slice(0, 20), 'fts5: more memory than there is was asked for to check events_text']
  }
}

function damaged(error: Error): Omit<CheckResult, 'log'> {
  return { ok: false, problems: [error.message], indexes: [], versions: null, newest: null }
}

/** What FTS5 says of the index of words of the event log, which the log itself can be made to fill again. */
function ofDerivedIndex(line: string): boolean {
  return /fts5/i.test(line) && /\bevents_text\b/.test(line)
}

function foreignKeyProblems(database: Database.Database): readonly string[] {
  const rows = database
    .prepare<[], { table: string; rowid: number | null; parent: string }>('PRAGMA foreign_key_check')
    .all()
  return rows
    .slice(0, 20)
    .map(({ table, rowid, parent }) => `row ${rowid ?? '?'} of ${table} refers to nothing in ${parent}`)
}

function versionsIn(database: Database.Database): Record<string, number> | null {
  if (!hasTable(database, 'store_versions')) return null
  const rows = database
    .prepare<[], { owner: string; version: number }>(
      'SELECT owner, max(version) AS version FROM store_versions GROUP BY owner',
    )
    .all()
  return Object.fromEntries(rows.map(({ owner, version }) => [owner, version]))
}

/** The latest of the times that the statements give; one whose table is not there, or holds no time, gives none. */
export function newestIn(database: Database.Database, statements: readonly string[]): number | null {
  const times = statements.flatMap((sql) => {
    try {
      const at: unknown = database.prepare(sql).pluck().get()
      return timeSchema.safeParse(at).data ?? []
    } catch {
      return []
    }
  })
  return times.length > 0 ? Math.max(...times) : null
}

function isDamageOf(error: unknown): error is InstanceType<typeof Database.SqliteError> {
  return error instanceof Database.SqliteError && isDamage(error.code)
}

/** Whether an error code of SQLite means that the file itself is damaged. */
export function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
