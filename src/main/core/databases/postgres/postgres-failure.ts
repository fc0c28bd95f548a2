import { DatabaseError, type FailureKind, type Place } from '../failures.ts'

/**
 * What a failure of PostgreSQL or of the way to it means. By SQLSTATE (PostgreSQL manual, appendix A); whatever has none
 * comes of the network.
 */
export function postgresFailure(place: Place, error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  // Where a name has several addresses Node puts the failures of all of them into one without a message.
  const said = message === '' && error instanceof AggregateError ? String(error.errors[0]?.message ?? code) : message
  return new DatabaseError(kindOf(code), place, { reason: code || 'connection', message: said || 'no answer' }, error)
}

function kindOf(code: string): FailureKind {
  if (!/^[0-9A-Z]{5}$/.test(code)) return 'lost'
  switch (code) {
    case '40001': // serialization_failure
    case '40P01': // deadlock_detected
    case '55P03': // lock_not_available
      return 'conflict'
    case '57P01': // admin_shutdown
    case '57P02': // crash_shutdown
    case '57P03': // cannot_connect_now
    case '57P05': // idle_session_timeout
    case '25P03': // idle_in_transaction_session_timeout
      return 'ending'
    case '57014': // query_canceled
      return 'timeout'
    case '53300': // too_many_connections
      return 'crowded'
    case '53100': // disk_full
      return 'no-space'
    case '25006': // read_only_sql_transaction
      return 'read-only'
    case '3D000': // invalid_catalog_name
      return 'denied'
    case 'XX001': // data_corrupted
    case 'XX002': // index_corrupted
      return 'damaged'
  }
  if (code.startsWith('28')) return 'denied' // invalid_authorization_specification, invalid_password
  return code.startsWith('08') ? 'lost' : 'refused'
}
