import type { Statement } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'

/** What the index of words does not fit its own tables with is this code of SQLite; damage of the file is another. */
const damageCode = 'SQLITE_CORRUPT_VTAB'
/** FTS5 asks for as much memory as a damaged structure of the index says that it needs. */
const greedCode = 'SQLITE_NOMEM'

/** Whether a failure says that the index of words is damaged: the events themselves are sound then. */
export function isIndexDamage(error: unknown): error is ConsoleError {
  if (!(error instanceof ConsoleError)) return false
  const { reason } = error.problem.params
  return reason === damageCode || reason === greedCode
}

/**
 * Empties the index of words and the counts over time, in one unit. The indexer fills both again from the log in its own time;
 * until then searches and counts look through the log itself.
 */
export const emptyIndex: readonly Statement[] = [
  { sql: "INSERT INTO events_text (events_text) VALUES ('delete-all')", name: 'empty events_text' },
  { sql: 'DELETE FROM events_runs' },
  { sql: 'UPDATE events_index SET indexed_to = 0 WHERE only = 1' },
]
