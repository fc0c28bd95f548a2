import { existsSync, rmSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { CheckResult, CopyResult } from './database-answer.ts'
import { makePrivateFile } from './private-file.ts'

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
    const { ok, problems } = check(new Database(to, { fileMustExist: true }))
    if (!ok) throw coded('copy-damaged', `The copy of ${from} does not pass its check: ${problems.join('; ')}`)
    return { pages, bytes: statSync(to).size }
  } catch (error) {
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${to}${ending}`, { force: true })
    throw error
  }
}

/** Runs SQLite's quick_check. What is not a database, or cannot be read as one, is a finding and not an error. */
export function checkFile(path: string): CheckResult {
  if (!existsSync(path)) throw coded('database-missing', `There is no database ${path}.`)
  try {
    return check(openAsFound(path))
  } catch (error) {
    if (error instanceof Database.SqliteError && isDamage(error.code)) return { ok: false, problems: [error.message] }
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

function check(database: Database.Database): CheckResult {
  try {
    const found = database.prepare<[], string>('PRAGMA quick_check(20)').pluck().all()
    const problems = found.filter((line) => line !== 'ok')
    return { ok: problems.length === 0, problems }
  } catch (error) {
    if (error instanceof Database.SqliteError && isDamage(error.code)) return { ok: false, problems: [error.message] }
    throw error
  } finally {
    database.close()
  }
}

/** Whether an error code of SQLite means that the file itself is damaged. */
export function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
