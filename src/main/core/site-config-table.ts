import { ConsoleError } from '#shared/problem.ts'
import { mostSourceRows, type SourceAnswer } from './config/index.ts'
import type { SessionSource } from './databases/index.ts'

interface Question {
  /** Sessions on the database; throws while its service does not run. */
  readonly sessions: () => SessionSource
  /** A checked name: nothing else is put into the statement. */
  readonly table: string
  readonly signal: AbortSignal
}

/** How long reading the table may take. Milliseconds. */
const withinMs = 10_000

/** Reads the columns `key` and `value` of a table, in a session that cannot change anything. Never rejects. */
export async function askTable({ sessions, table, signal }: Question): Promise<SourceAnswer> {
  const name = table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
  try {
    const rows = await sessions().read(
      async (session) => {
        // Named by the table: SQLite takes a quoted name that it does not know for a text.
        const text = `SELECT t."key" AS k, t."value" AS v FROM ${name} AS t ORDER BY t."key" LIMIT ${mostSourceRows + 1}`
        return (await session.query(text)).rows
      },
      { what: 'the configuration', timeoutMs: withinMs, signal },
    )
    if (rows.length > mostSourceRows)
      return bad(`it has more than ${mostSourceRows} rows.`, 'Keep only what is set there.')
    const pairs: [string, unknown][] = []
    for (const { k, v } of rows) {
      if (typeof k !== 'string') return bad('it has a key that is no text.', 'Write the paths of values as keys.')
      if (v instanceof Uint8Array) return bad(`its value of ${k} is no text.`, 'Write it as a text.')
      if (v !== null && v !== undefined) pairs.push([k, typeof v === 'bigint' ? Number(v) : v])
    }
    return { kind: 'new', text: JSON.stringify(pairs), etag: null }
  } catch (error) {
    if (!(error instanceof ConsoleError)) return bad('it cannot be read.', 'Look at what the database says.')
    const { code, message, remedy } = error.problem
    return code === 'database-not-running' ? { kind: 'later' } : bad(`it cannot be read: ${message}`, remedy)
  }
}

function bad(why: string, remedy: string): SourceAnswer {
  return { kind: 'bad', why, remedy }
}
