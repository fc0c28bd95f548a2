import type { Losses } from '#shared/contract/index.ts'
import type { Helper } from '../program/engine-client.ts'
import type { DatabasePlan, PlannedDatabase } from './database-plan.ts'
import { type DumpRecord, dumpPath, mostRecordBytes, readDumpRecord, recordName } from './dump-record.ts'
import { countRows } from './server-databases.ts'
import { type ServerPorts, ServerSession } from './server-session.ts'

export interface DatabaseLossesPorts extends ServerPorts {
  readonly snapshot: string
  readonly helper: Helper
  /** Monotonic milliseconds until which counting may go on. */
  readonly until: number
  readonly signal: AbortSignal
}

type Database = Losses['databases'][number]

const eachMs = 10_000
const mostTables = 500

/** Rows of each table of the databases that are put back: counted on the server now, and as they were counted in the dump. */
export async function databaseLosses(
  { databases }: DatabasePlan,
  ports: DatabaseLossesPorts,
): Promise<readonly Database[]> {
  const told: Database[] = []
  for (const planned of databases) {
    const path = `${planned.title} (PostgreSQL, ${planned.where})`
    try {
      const record = planned.from.kind === 'dump' ? await recordOf(planned, ports) : null
      const now = planned.what === 'add' ? new Map<string, number | null>() : await rowsNow(planned, ports)
      if (planned.from.kind === 'kept') {
        told.push({
          path,
          tables: [],
          note: 'not counted: the former one stands aside, where nobody can connect to it',
        })
        continue
      }
      const then = new Map(record?.tables.map((table) => [nameOf(table), table.rows]))
      const names = [...new Set([...now.keys(), ...then.keys()])].sort()
      const rows = (side: ReadonlyMap<string, number | null>, name: string) =>
        side.has(name) ? (side.get(name) ?? null) : 0
      told.push({
        path,
        tables: names.map((table) => ({ table, now: rows(now, table), stored: rows(then, table) })),
        note: null,
      })
    } catch (error) {
      ports.signal.throwIfAborted()
      told.push({
        path,
        tables: [],
        note: `not counted: ${error instanceof Error ? error.message.replace(/\.$/, '') : String(error)}`,
      })
    }
  }
  return told
}

async function recordOf({ service }: PlannedDatabase, { helper, snapshot }: DatabaseLossesPorts): Promise<DumpRecord> {
  const path = `${dumpPath(service)}/${recordName}`
  const { base64 } = await helper.ask('read', { snapshot, path, offset: 0, length: mostRecordBytes })
  return readDumpRecord(Buffer.from(base64, 'base64').toString('utf8'), service)
}

/** A table that is too large to be counted in time is null. */
async function rowsNow({ access }: PlannedDatabase, ports: DatabaseLossesPorts): Promise<Map<string, number | null>> {
  const until = Math.min(ports.until, ports.clock.monotonic() + eachMs)
  const left = () => until - ports.clock.monotonic()
  const counted = new Map<string, number | null>()
  let session = await ServerSession.open(access, ports, { signal: ports.signal })
  try {
    const tables = await session.rows(`SELECT n.nspname::text AS schema, c.relname::text AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
      ORDER BY c.relpages LIMIT ${mostTables}`)
    for (const { schema, name } of tables) {
      const table = { schema: String(schema), table: String(name) }
      counted.set(nameOf(table), null)
      if (left() < 100) continue
      try {
        counted.set(nameOf(table), await countRows(session, table, left()))
      } catch {
        ports.signal.throwIfAborted()
        // A statement that is given up takes its connection with it.
        await session[Symbol.asyncDispose]()
        session = await ServerSession.open(access, ports, { signal: ports.signal })
      }
    }
    return counted
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

function nameOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  const name = schema === 'public' ? table : `${schema}.${table}`
  return name.replace(/\p{Cc}/gu, '\ufffd')
}
