import { ConsoleError } from '#shared/problem.ts'
import type { DatabaseName } from './types.ts'

/** A failure of SQLite as plain data, so that it crosses threads. `code` is SQLite's extended result code. */
export interface SqliteFailure {
  readonly code: string
  readonly message: string
}

/**
 * What a failure means for the store. `busy`: somebody else holds a lock, and the whole transaction may be tried again.
 * `read-only`: the disk is full, broken or not writable. `damaged`: the file is. `refused`: the statement is at fault.
 */
export type FailureKind = 'busy' | 'read-only' | 'damaged' | 'refused'

export function failureKind({ code }: SqliteFailure): FailureKind {
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'busy'
  // An index by words that does not fit its table is made anew by its module; the file itself is sound.
  if (code === 'SQLITE_CORRUPT_VTAB') return 'refused'
  // Another file lies where the open one was: what is written would be lost.
  if (/^SQLITE_(CORRUPT|NOTADB|READONLY_DBMOVED)/.test(code)) return 'damaged'
  if (/^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|PERM)/.test(code)) return 'read-only'
  return 'refused'
}

export function failureOf(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) }
  if ('code' in error) return { code: String(error.code), message: error.message }
  // Asked by the library before SQLite is: the disk that holds the folder is most likely away.
  const folderGone = error instanceof TypeError && error.message.includes('directory does not exist')
  return { code: folderGone ? 'SQLITE_CANTOPEN' : 'unknown', message: error.message }
}

/** Whether a failure may be gone a moment later: what the disk or the file system refused, but neither damage nor a lock. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ConsoleError) return false
  const failure = failureOf(error)
  return failureKind(failure) === 'read-only' || /^E[A-Z]{2,}$/.test(failure.code)
}

/** The error that the writer of a statement is given. */
export function storeError(database: DatabaseName, failure: SqliteFailure): ConsoleError {
  if (failure.code === 'closed') return storeClosed(database, failure.message)
  const params = { database, reason: failure.code, detail: failure.message }
  const kind = failureKind(failure)
  switch (kind) {
    case 'read-only':
      return new ConsoleError(
        'store-read-only',
        `The console cannot record anything in its ${database} database: ${failure.message}.`,
        'Make room on the disk, or check that it is healthy and writable; recording goes on by itself then.',
        { params, retryable: true },
      )
    case 'damaged':
      return new ConsoleError(
        'store-damaged',
        `The console's ${database} database is damaged: ${failure.message}.`,
        'The console sets it aside and puts a good one in its place by itself; try again in a moment.',
        { params, retryable: true },
      )
    case 'busy':
      return new ConsoleError(
        'store-busy',
        `The console's ${database} database stayed locked by another program: ${failure.message}.`,
        'Close the program that has the database open, and try again.',
        { params, retryable: true },
      )
    case 'refused':
      return new ConsoleError(
        'store-refused',
        `The console's ${database} database refused a change: ${failure.message}.`,
        'This is a fault of the console; send its log to its makers.',
        { params },
      )
  }
}

/** `what` is the class of records that has too many waiting. */
export function storeFull(database: DatabaseName, what: string, waiting: number): ConsoleError {
  return new ConsoleError(
    'store-full',
    `The console's ${database} database has ${waiting} changes waiting to be written (${what}) and takes no more of them.`,
    'Wait a moment and try again; if it stays so, the disk is too slow for what is recorded.',
    { params: { database, waiting }, retryable: true },
  )
}

/** A record that the next one of its kind makes up for. */
export function storeDropped(database: DatabaseName, what: string): ConsoleError {
  return new ConsoleError(
    'store-dropped',
    `A record for the console's ${database} database (${what}) was given up for newer ones.`,
    'Nothing needs to be done; if it goes on, the disk is too slow for what is recorded.',
    { params: { database } },
  )
}

/** Reads and writes while another file is put in the place of a damaged one. */
export function storeRecovering(database: DatabaseName): ConsoleError {
  return new ConsoleError(
    'store-recovering',
    `The console's ${database} database is being replaced by a good one.`,
    'Try again in a moment.',
    { params: { database }, retryable: true },
  )
}

export function storeClosed(database: DatabaseName, why: string): ConsoleError {
  return new ConsoleError(
    'store-closed',
    `The console's ${database} database cannot be written: ${why}.`,
    'Open the site again.',
    { params: { database } },
  )
}

/** A read or write was cut off; whether a write was recorded is not known. */
export function storeInterrupted(database: DatabaseName, why: string): ConsoleError {
  return new ConsoleError(
    'store-interrupted',
    `Work on the console's ${database} database was cut off: ${why}.`,
    'Try again; look first whether the change was made, as that is not known.',
    { params: { database }, retryable: true },
  )
}

export function querySlow(database: DatabaseName, atMostMs: number): ConsoleError {
  return new ConsoleError(
    'store-query-slow',
    `Reading the console's ${database} database took longer than ${atMostMs / 1_000} s and was given up.`,
    'Ask for less: a shorter time, one subject, rarer words.',
    { params: { database, atMostMs }, retryable: true },
  )
}

export function queryBusy(database: DatabaseName, waiting: number): ConsoleError {
  return new ConsoleError(
    'store-query-busy',
    `${waiting} queries of the console's own store wait already, so one of its ${database} database was refused.`,
    'Wait a moment and try again.',
    { params: { database, waiting }, retryable: true },
  )
}

/** A damaged database for which nothing could be put in place. */
export function storeFailed(database: DatabaseName, why: string): ConsoleError {
  return new ConsoleError(
    'store-failed',
    `The console's ${database} database cannot be used: ${why}.`,
    'Look at the store on the Diagnose page; check the disk, then let it be recovered or open the site again.',
    { params: { database } },
  )
}
