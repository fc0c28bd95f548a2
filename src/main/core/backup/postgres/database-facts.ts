import type { DumpRecord } from './dump-record.ts'
import type { ServerSession } from './server-session.ts'

/** What is asked of a database in the transaction whose state its dump holds. */
export type DatabaseFacts = Pick<
  DumpRecord,
  | 'server'
  | 'serverNumber'
  | 'encoding'
  | 'collate'
  | 'ctype'
  | 'icu'
  | 'owner'
  | 'grants'
  | 'settings'
  | 'roles'
  | 'memberships'
> & {
  /** Bytes on the server, about. */
  readonly size: number
  /** Tables with rows of their own, by their number in the catalogue. */
  readonly tables: ReadonlyMap<string, { readonly schema: string; readonly table: string }>
}

/** Reads what a dump in directory format does not hold: how the database was made, who may connect, its settings. */
export async function readFacts(session: ServerSession): Promise<DatabaseFacts> {
  const [about = {}] = await session.rows(`SELECT
      current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
      pg_encoding_to_char(d.encoding) AS encoding, d.datcollate::text AS collate, d.datctype::text AS ctype,
      to_jsonb(d) ->> 'daticulocale' AS icu15, to_jsonb(d) ->> 'datlocale' AS icu17, to_jsonb(d) ->> 'datlocprovider' AS provider,
      r.rolname::text AS owner, d.datacl IS NULL AS plain, pg_database_size(d.oid)::float8 AS bytes
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database()`)
  const grants =
    await session.rows(`SELECT g.rolname::text AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
    FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
    WHERE d.datname = current_database() ORDER BY 1 NULLS FIRST, 2`)
  const settings = await session.rows(`SELECT r.rolname::text AS role, c.config
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
    CROSS JOIN LATERAL unnest(s.setconfig) AS c(config) WHERE d.datname = current_database() ORDER BY 1 NULLS FIRST, 2`)
  const roles = await session.rows("SELECT rolname::text AS name FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1")
  const memberships = await session.rows(`SELECT r.rolname::text AS role, m.rolname::text AS member
    FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    WHERE r.rolname !~ '^pg_' AND m.rolname !~ '^pg_' ORDER BY 1, 2`)
  const tables = await session.rows(`SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`)
  return {
    server: text(about.version).split(' ')[0] ?? '',
    serverNumber: Number(about.number),
    encoding: text(about.encoding),
    collate: text(about.collate),
    ctype: text(about.ctype),
    icu: about.provider === 'i' ? text(about.icu17 ?? about.icu15 ?? about.collate) : null,
    owner: text(about.owner),
    grants:
      about.plain === true
        ? null
        : grants.flatMap(({ grantee, privilege, grantable }) => {
            if (privilege !== 'CREATE' && privilege !== 'CONNECT' && privilege !== 'TEMPORARY') return []
            return [{ grantee: grantee === null ? null : text(grantee), privilege, grantable: grantable === true }]
          }),
    settings: settings.map(({ role, config }) => {
      const at = text(config).indexOf('=')
      return {
        role: role === null ? null : text(role),
        name: text(config).slice(0, at),
        value: text(config).slice(at + 1),
      }
    }),
    roles: roles.map(({ name }) => text(name)),
    memberships: memberships.map(({ role, member }) => ({ role: text(role), member: text(member) })),
    size: Number(about.bytes),
    tables: new Map(tables.map(({ oid, schema, name }) => [text(oid), { schema: text(schema), table: text(name) }])),
  }
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : String(value)
}
