import { ConsoleError } from '#shared/problem.ts'
import { type DatabaseAccess, shownAccess } from './access.ts'
import type { DumpRecord } from './dump-record.ts'
import { findPrograms } from './programs.ts'
import { type ProgramPorts, runPostgresProgram } from './run-program.ts'
import { countRows, dressDatabase, makeDatabase } from './server-databases.ts'
import { ServerSession } from './server-session.ts'

export interface RestoreDumpPorts extends ProgramPorts {
  readonly programs?: readonly string[] | undefined
  readonly signal: AbortSignal
}

const withinMs = 12 * 3_600_000
const countMs = 30 * 60_000

/**
 * Restores a dump into a new database called `name` on the server of `access`, and counts every table in it against the record of the dump.
 * Resolves with sentences on what could not be made as it was. Rejects with a sentence; the database may be there by halves then.
 */
export async function restoreDump(
  {
    record,
    folder,
    access,
    name,
  }: {
    readonly record: DumpRecord
    /** With the files of pg_dump. */
    readonly folder: string
    readonly access: DatabaseAccess
    readonly name: string
  },
  ports: RestoreDumpPorts,
): Promise<readonly string[]> {
  const { signal, clock } = ports
  const notes: string[] = []
  await using beside = await ServerSession.beside(access, ports, signal)
  const [server = {}] = await beside.rows("SELECT current_setting('server_version_num')::int AS number")
  const major = Math.floor(Math.max(Number(server.number), record.serverNumber) / 10_000)
  const programs = await findPrograms({ major, where: shownAccess(access) }, clock, ports.programs)
  notes.push(...(await makeDatabase(beside, name, record)))
  await runPostgresProgram(
    {
      file: programs.restore,
      args: ['--format=directory', '--exit-on-error', '--no-password', `--dbname=${name}`, folder],
      access,
      database: name,
      what: `The restore of the database of ${record.title}`,
      timeoutMs: withinMs,
      signal,
    },
    ports,
  )
  await assertSameRows(record, access, name, ports)
  notes.push(...(await dressDatabase(beside, name, record)))
  return notes
}

async function assertSameRows(
  record: DumpRecord,
  access: DatabaseAccess,
  database: string,
  ports: RestoreDumpPorts,
): Promise<void> {
  await using session = await ServerSession.open(access, ports, { database, signal: ports.signal })
  for (const table of record.tables) {
    if (table.rows === null) continue
    const rows = await countRows(session, table, countMs)
    if (rows === table.rows) continue
    throw new ConsoleError(
      'database-restore-differs',
      `The restored database of ${record.title} has ${rows} rows in ${table.schema}.${table.table}, and the dump has ${table.rows}. Nothing was replaced.`,
      'Restore another snapshot; look at triggers and rules of that table, which may have changed what was restored.',
      { params: { service: record.service, table: `${table.schema}.${table.table}` } },
    )
  }
  // What plans queries knows nothing of a new database.
  await session.run('ANALYZE', countMs)
}
