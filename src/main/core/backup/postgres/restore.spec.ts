import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BackupRigOptions, openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../../../../../test/support/postgres.ts'
import { makeFiles, recordsOf, recordsSecret } from '../../../../../test/support/postgres-site.ts'
import { until } from '../../../../../test/support/until.ts'

const missing = needsPostgres()
const cause = { type: 'operator', via: 'browser' } as const
const dump = '.wheelhouse-databases/records'
/** A database, tables and roles as nobody would call them. */
const odd = `-d "a'b"\n=c postgres://x`
let server: PostgresServer

beforeAll(async () => {
  if (missing !== null) return
  server = await postgresServer()
  server.psql(`ALTER ROLE app CREATEDB; CREATE ROLE "read ""er"""; CREATE ROLE helper LOGIN`, 'postgres')
})

afterAll(async () => server?.[Symbol.asyncDispose]())

beforeEach(() => {
  if (missing !== null) return
  for (const name of databases()) server.psql(`DROP DATABASE "${name.replaceAll('"', '""')}" WITH (FORCE)`, 'postgres')
  server.psql('CREATE DATABASE app OWNER app', 'postgres')
  server.psql(`SET ROLE app;
    CREATE TABLE requests (id serial PRIMARY KEY, note text);
    INSERT INTO requests (note) SELECT 'n' || n FROM generate_series(1, 500) n;
    CREATE TABLE "-t ""x""\n" ("c ""1""\n" int); INSERT INTO "-t ""x""\n" VALUES (1), (2);
    CREATE VIEW v AS SELECT count(*) FROM requests;
    GRANT SELECT ON requests TO "read ""er""";
    COMMENT ON TABLE requests IS 'all of them';
    SELECT lo_from_bytea(0, 'large');`)
  server.psql(
    `ALTER DATABASE app SET search_path = "$user", public, "odd, one"; GRANT CONNECT ON DATABASE app TO helper`,
    'postgres',
  )
})

function databases(): readonly string[] {
  const text = server.psql(
    "SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datname !~ '^(postgres|template.)$'",
    'postgres',
  )
  return text === '' ? [] : JSON.parse(text)
}

async function rigOf(more: Partial<BackupRigOptions> = {}) {
  const folder = temporaryFolder()
  const site = join(folder.path, 'site')
  makeFiles(site)
  const options = {
    site,
    folder: join(folder.path, 'backups'),
    definition: () => recordsOf(server),
    secrets: recordsSecret(server),
    ...more,
  }
  const rig = await openBackupRig(options)
  return {
    ...rig,
    site,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

const ruin = () =>
  server.psql('DELETE FROM requests WHERE id > 100; DROP TABLE "-t ""x""\n"; CREATE TABLE later (v int)')

describe('a restore with a PostgreSQL database', () => {
  test('makes it what it was, with rights and settings; Undo brings back what was there, and undoing that the other', async () => {
    await using rig = await rigOf()
    const settings = () =>
      server.psql(
        "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase AND datname = 'app'",
        'postgres',
      )
    const grants = () =>
      server.psql("SELECT unnest(datacl)::text FROM pg_database WHERE datname = 'app' ORDER BY 1", 'postgres')
    const before = { dump: server.dump('app'), settings: settings(), grants: grants() }
    await rig.backUp()
    ruin()
    writeFileSync(join(rig.site, 'data', 'grades.txt'), '5.0')
    const ruined = server.dump('app')

    expect(await rig.restore()).toMatchObject({
      state: 'completed',
      message: expect.stringContaining('databases exchanged: Records'),
    })
    expect({ dump: server.dump('app'), settings: settings(), grants: grants() }).toEqual(before)
    expect(readFileSync(join(rig.site, 'data', 'grades.txt'), 'utf8')).toBe('1.0')

    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(server.dump('app')).toBe(ruined)
    expect(readFileSync(join(rig.site, 'data', 'grades.txt'), 'utf8')).toBe('5.0')

    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(server.dump('app')).toBe(before.dump)
    expect(databases()).toHaveLength(2)
  })

  test('comes from an archive as well: what was exported is imported with its dump, told as such, and put back', async () => {
    await using rig = await rigOf()
    const before = server.dump('app')
    const snapshot = await rig.backUp()
    const file = join(rig.site, '..', 'site.tar.gz')
    const cause = { type: 'operator', via: 'browser' } as const
    const { copies } = rig.backups
    const exported = await copies.export({ snapshot, paths: null, file, replace: false, cause })
    expect(await rig.jobs.finished(exported.job)).toMatchObject({ state: 'completed' })
    const imported = await copies.import({ file, note: '', folder: null, cause })
    expect(await rig.jobs.finished(imported.job)).toMatchObject({ state: 'completed' })
    const [copy] = rig.backups.snapshots().filter(({ id }) => id !== snapshot)
    expect(copy).toMatchObject({ databases: 1 })
    ruin()
    expect((await rig.backups.plan(copy?.id ?? '')).warnings).toContainEqual(expect.stringMatching(/archive/))
    expect(await rig.restore(copy?.id ?? '')).toMatchObject({ state: 'completed' })
    expect(server.dump('app')).toBe(before)
  })

  test('of the database alone leaves the files, stops what uses it, and ends whoever is connected', async () => {
    const stopped: unknown[] = []
    const services = {
      start: async () => ({ done: [], failed: [] }),
      stop: async (which: unknown) => {
        stopped.push(which)
        return { done: [], failed: [] }
      },
      wanted: () => (stopped.length === 0 ? ['records', 'api', 'other'] : ['other']),
      stopOrder: () => null,
    }
    await using rig = await rigOf({ services })
    const before = server.dump('app')
    await rig.backUp()
    ruin()
    writeFileSync(join(rig.site, 'data', 'grades.txt'), '5.0')
    using _other = server.hold('SELECT 1')
    await until(
      'somebody to be connected',
      () => server.psql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'app'", 'postgres') === '1',
    )
    server.psql('GRANT pg_signal_backend TO app; ALTER ROLE app SUPERUSER', 'postgres')
    try {
      expect(await rig.restore(null, null, [dump])).toMatchObject({ state: 'completed' })
    } finally {
      server.psql('ALTER ROLE app NOSUPERUSER', 'postgres')
    }
    expect(stopped).toEqual([['records', 'api']])
    expect(server.dump('app')).toBe(before)
    expect(readFileSync(join(rig.site, 'data', 'grades.txt'), 'utf8')).toBe('5.0')
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(server.psql('SELECT count(*) FROM requests')).toBe('100')
  })

  test('says before what it does and what is lost', async () => {
    await using rig = await rigOf()
    await rig.backUp()
    server.psql("INSERT INTO requests (note) VALUES ('new'), ('newer')")
    const plan = await rig.backups.plan(null, [dump])
    expect(plan).toMatchObject({
      change: 1,
      sentence: expect.stringContaining('the PostgreSQL database app (Records) replaced'),
      entries: [{ path: expect.stringMatching(/^Records \(PostgreSQL, 127\.0\.0\.1:\d+\/app\)$/), what: 'change' }],
    })
    const { sentences, postgres } = await rig.backups.losses(plan.snapshot, [dump])
    expect(sentences[0]).toMatch(
      /^requests in Records \(PostgreSQL, .*\): 502 rows now, 500 in the snapshot: 2 rows are lost\.$/,
    )
    expect(postgres).toEqual([])
    expect((await rig.backups.losses(plan.snapshot, ['data/grades.txt'])).postgres).toEqual(['records'])
  })

  test('makes a database that is gone; Undo takes it away again', async () => {
    await using rig = await rigOf()
    const before = server.dump('app')
    await rig.backUp()
    server.psql('DROP DATABASE app', 'postgres')
    expect(await rig.restore(null, null, [dump])).toMatchObject({ state: 'completed' })
    expect(server.dump('app')).toBe(before)
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(databases()).not.toContain('app')
  })

  test('works whatever the database is called', async () => {
    server.psql(`CREATE DATABASE "${odd.replaceAll('"', '""')}" OWNER app`, 'postgres')
    const url = server.url.replace(/\/app$/, `/${encodeURIComponent(odd)}`).replaceAll('%2F', '_')
    const name = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1))
    server.psql(`CREATE DATABASE "${name.replaceAll('"', '""')}" OWNER app`, 'postgres')
    await using rig = await rigOf({ definition: () => recordsOf({ url }) })
    await rig.backUp()
    expect(Object.values(rig.state.slice('snapshots').all())[0]?.warnings).toEqual([])
    expect(await rig.restore(null, null, [dump])).toMatchObject({ state: 'completed' })
    expect(databases()).toContain(name)
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
  })

  test.each([
    [
      'whose role may not make databases',
      'ALTER ROLE app NOCREATEDB',
      'ALTER ROLE app CREATEDB',
      /may not make databases.*database\.admin/,
    ],
    [
      'whose role does not own it',
      'ALTER DATABASE app OWNER TO owner',
      'ALTER DATABASE app OWNER TO app',
      /does not own it/,
    ],
  ])('%s is refused before anything stops', async (_, take, give, why) => {
    await using rig = await rigOf()
    await rig.backUp()
    server.psql(take, 'postgres')
    try {
      expect((await rig.backups.plan(null, [dump])).warnings).toEqual([expect.stringMatching(why)])
      expect(await rig.restore()).toMatchObject({ state: 'failed', message: expect.stringMatching(why) })
      expect(await rig.restore(null, null, ['data/grades.txt'])).toMatchObject({ state: 'completed' })
    } finally {
      server.psql(give, 'postgres')
    }
  })

  test('with an admin is done by that role', async () => {
    server.psql("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'kept'; ALTER ROLE app NOCREATEDB", 'postgres')
    try {
      const before = server.dump('app')
      await using rig = await rigOf({
        definition: () => recordsOf(server, { admin: { user: 'keeper', secret: 'KEEPER' } }),
        secrets: (name) => (name === 'KEEPER' ? 'kept' : server.password),
      })
      await rig.backUp()
      ruin()
      expect(await rig.restore()).toMatchObject({ state: 'completed' })
      expect(server.dump('app')).toBe(before)
      expect(server.psql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'", 'postgres')).toBe(
        'app',
      )
    } finally {
      server.psql('DROP ROLE keeper; ALTER ROLE app CREATEDB', 'postgres')
    }
  })

  test('that fails while it writes leaves the site and drops what it made', async () => {
    await using rig = await rigOf()
    server.psql('CREATE ROLE going; GRANT SELECT ON requests TO going')
    await rig.backUp()
    server.psql('REVOKE ALL ON requests FROM going; DROP ROLE going')
    const before = server.dump('app')
    expect(await rig.restore()).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/role "going" does not exist/),
    })
    expect(server.dump('app')).toBe(before)
    await until('what it made to be dropped', () => databases().length === 1)
  })

  test('a restore point that goes takes the database with it that it kept', async () => {
    await using rig = await rigOf()
    await rig.backUp()
    ruin()
    await rig.restore()
    expect(databases()).toHaveLength(2)
    const point = Object.values(rig.state.slice('snapshots').all()).find(({ kind }) => kind === 'restore-point')
    expect(point).toBeDefined()
    await rig.jobs.finished((await rig.backups.keeping.remove(point?.id ?? '', cause)).job)
    await until('the kept database to go', () => databases().length === 1)
    expect(databases()).toEqual(['app'])
  })

  test('a folder gets the files of the dump, which pg_restore reads', async () => {
    await using rig = await rigOf()
    const id = await rig.backUp()
    using folder = temporaryFolder()
    const into = join(folder.path, 'into')
    await rig.jobs.finished((await rig.backups.copies.into({ snapshot: id, paths: null, folder: into, cause })).job)
    expect(readdirSync(join(into, dump))).toEqual(expect.arrayContaining(['toc.dat', 'dump.json']))
  })
})
