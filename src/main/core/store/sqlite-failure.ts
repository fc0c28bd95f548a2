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
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return 'damaged'
  if (/^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|PERM)/.test(code)) return 'read-only'
  return 'refused'
}

export function failureOf(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) }
  return { code: 'code' in error ? String(error.code) : 'unknown', message: error.message }
}

/** The error that the writer of a statement is given. */
export function storeError(database: DatabaseName, failure: SqliteFailure): ConsoleError {
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
        'Close and open the site again: the damaged database is then set aside and a good one takes its place.',
        { params },
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

export function storeFull(database: DatabaseName, waiting: number): ConsoleError {
  return new ConsoleError(
    'store-full',
    `The console's ${database} database has ${waiting} changes waiting to be written and takes no more.`,
    'Wait a moment and try again; if it stays so, the disk is too slow for what is recorded.',
    { params: { database, waiting }, retryable: true },
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
