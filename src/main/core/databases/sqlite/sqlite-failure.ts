import { DatabaseError, type FailureKind, type Place } from '../failures.ts'

/** What a failure of SQLite means, by its extended result code. */
export function sqliteFailure(
  place: Place,
  { code, message }: { readonly code: string; readonly message: string },
): DatabaseError {
  return new DatabaseError(kindOf(code), place, { reason: code, message: wordsOf(code, message) })
}

function kindOf(code: string): FailureKind {
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'conflict'
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return 'damaged'
  if (/^SQLITE_FULL/.test(code)) return 'no-space'
  if (/^SQLITE_READONLY/.test(code)) return 'read-only'
  if (/^SQLITE_CANTOPEN/.test(code)) return 'missing'
  return /^SQLITE_(IOERR|PERM|AUTH$)/.test(code) ? 'lost' : 'refused'
}

function wordsOf(code: string, message: string): string {
  if (code.startsWith('SQLITE_CANTOPEN')) return 'the file does not exist, or may not be opened by this user'
  if (/more than one statement/.test(message)) return 'the text holds more than one statement'
  return message
}
