import type { DumpRecord } from './dump-record.ts'
import { identifier } from './names.ts'
import type { ServerSession } from './server-session.ts'

/** What stands on a server under a name. */
export async function databaseOn(
  session: ServerSession,
  name: string,
): Promise<{ readonly bytes: number | null } | null> {
  const [found] = await session.rows('SELECT oid::text AS oid FROM pg_database WHERE datname = $1', [name])
  if (!found) return null
  try {
    const [size = {}] = await session.rows('SELECT pg_database_size($1::oid)::float8 AS bytes', [String(found.oid)])
    return { bytes: Number(size.bytes) }
  } catch {
    return { bytes: null } // Who may not connect to it may not measure it.
  }
}

export async function isOn(session: ServerSession, name: string): Promise<boolean> {
  return (await session.rows('SELECT 1 AS there FROM pg_database WHERE datname = $1', [name])).length > 0
}

/** Why this role may not make databases beside the one called `name` and rename them; null when it may. */
export async function whyNotReplaced(session: ServerSession, name: string): Promise<string | null> {
  const [role = {}] = await session.rows(
    `SELECT current_user::text AS name, rolcreatedb OR rolsuper AS makes,
      coalesce((SELECT rolsuper OR pg_has_role(current_user, d.datdba, 'MEMBER') FROM pg_database d WHERE d.datname = $1), true) AS owns
    FROM pg_roles WHERE rolname = current_user`,
    [name],
  )
  const who = `the role ${String(role.name)}`
  if (role.makes !== true) return `${who} may not make databases (ALTER ROLE … CREATEDB)`
  return role.owns === true ? null : `${who} does not own it`
}

/** Makes an empty database as the one that was dumped was made. Resolves with sentences on what of that was not possible. */
export async function makeDatabase(session: ServerSession, name: string, like: DumpRecord): Promise<readonly string[]> {
  const locale = like.icu === null ? '' : ` LOCALE_PROVIDER icu ICU_LOCALE ${literal(like.icu)}`
  const base = `CREATE DATABASE ${identifier(name)} TEMPLATE template0 ENCODING ${literal(like.encoding)} LC_COLLATE ${literal(like.collate)} LC_CTYPE ${literal(like.ctype)}${locale}`
  try {
    await session.run(`${base} OWNER ${identifier(like.owner)}`)
    return []
  } catch (error) {
    // 42704: no such role; 42501: this one may not give it away.
    const reason = error instanceof Error && 'reason' in error ? error.reason : ''
    if (reason !== '42704' && reason !== '42501') throw error
    await session.run(base)
    return [`It belonged to the role ${like.owner} and belongs to whoever restored it now.`]
  }
}

/** Gives a database the rights and settings of the one that was dumped. Resolves with sentences on what was not possible. */
export async function dressDatabase(
  session: ServerSession,
  name: string,
  like: DumpRecord,
): Promise<readonly string[]> {
  const notes: string[] = []
  const attempt = async (what: string, run: () => Promise<void>) => {
    try {
      await run()
    } catch (error) {
      notes.push(`${what} could not be set: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const on = `DATABASE ${identifier(name)}`
  if (like.grants !== null) {
    await attempt('The rights on the database', () => session.run(`REVOKE ALL ON ${on} FROM PUBLIC`))
    for (const { grantee, privilege, grantable } of like.grants) {
      const to = grantee === null ? 'PUBLIC' : identifier(grantee)
      const grant = `GRANT ${privilege} ON ${on} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`
      await attempt(`The right ${privilege} of ${grantee ?? 'everybody'}`, () => session.run(grant))
    }
  }
  for (const { role, name: setting, value } of like.settings) {
    const of = role === null ? `ALTER ${on}` : `ALTER ROLE ${identifier(role)} IN ${on}`
    await attempt(`The setting ${setting}`, async () => {
      await session.run('BEGIN')
      try {
        // The value is taken over from the session: written into the statement, a list would become one text.
        await session.rows('SELECT set_config($1, $2, true)', [setting, value])
        await session.run(`${of} SET ${setting.split('.').map(identifier).join('.')} FROM CURRENT`)
        await session.run('COMMIT')
      } catch (error) {
        await session.run('ROLLBACK').catch(() => {})
        throw error
      }
    })
  }
  return notes
}

/** Drops a database with whatever is connected to it. One that is not there is dropped already. */
export async function dropDatabase(session: ServerSession, name: string): Promise<void> {
  if (!(await isOn(session, name))) return
  await endConnections(session, [name])
  await session.run(`DROP DATABASE IF EXISTS ${identifier(name)}`)
}

/** Ends whatever is connected to these databases. Resolves with why some of it could not be ended; null when all was. */
export async function endConnections(session: ServerSession, names: readonly string[]): Promise<string | null> {
  let problem: string | null = null
  for (const name of names) {
    const others = await session.rows(
      'SELECT pid, usename::text AS role, application_name AS program FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [name],
    )
    for (const { pid, role, program } of others) {
      try {
        await session.rows('SELECT pg_terminate_backend($1::int)', [Number(pid)])
      } catch {
        problem = `${String(program) || 'a program'} is connected to it as ${String(role)} and may not be ended by this role`
      }
    }
  }
  return problem
}

/** Rows of a table, counted. */
export async function countRows(
  session: ServerSession,
  { schema, table }: { readonly schema: string; readonly table: string },
  timeoutMs: number,
): Promise<number> {
  const [counted = {}] = await session.rows(
    `SELECT count(*)::float8 AS rows FROM ONLY ${identifier(schema)}.${identifier(table)}`,
    [],
    timeoutMs,
  )
  return Number(counted.rows)
}

/** `E'…'`, whatever standard_conforming_strings says. */
function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
