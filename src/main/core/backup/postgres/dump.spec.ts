import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BackupRigOptions, openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../../../../../test/support/postgres.ts'
import { makeFiles, recordsOf, recordsSecret } from '../../../../../test/support/postgres-site.ts'
import { until } from '../../../../../test/support/until.ts'
import { tableFiles } from './dump.ts'
import { besideName, identifier, isBesideName } from './names.ts'

const missing = needsPostgres()
let server: PostgresServer

beforeAll(async () => {
  if (missing !== null) return
  server = await postgresServer()
  server.psql(`CREATE TABLE requests (id int PRIMARY KEY, note text);
    INSERT INTO requests SELECT n, 'first line\nsecond line \\. ' || n FROM generate_series(1, 20000) n;
    CREATE TABLE "odd ""name""\n-- ; DROP" (v text); INSERT INTO "odd ""name""\n-- ; DROP" VALUES (E'\\\\.'), (NULL), ('');
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO app`)
})

afterAll(async () => server?.[Symbol.asyncDispose]())

const noSecret: Partial<BackupRigOptions> = {
  secrets: () => {
    throw new Error('The secret RECORDS is not known.')
  },
}

async function rigOf(more: Partial<BackupRigOptions> = {}) {
  const folder = temporaryFolder()
  const site = join(folder.path, 'site')
  makeFiles(site)
  const rig = await openBackupRig({
    site,
    folder: join(folder.path, 'backups'),
    definition: () => recordsOf(server),
    secrets: recordsSecret(server),
    ...more,
  })
  const snapshot = () => Object.values(rig.state.slice('snapshots').all())[0]
  return {
    ...rig,
    site,
    snapshot,
    staged: () =>
      existsSync(join(site, '.wheelhouse', 'staging')) ? readdirSync(join(site, '.wheelhouse', 'staging')) : [],
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

describe('a snapshot of a site with a PostgreSQL database', () => {
  test('holds its dump, with the rows of each table counted, whatever the names', async () => {
    await using rig = await rigOf()
    const id = await rig.backUp()
    expect(rig.snapshot()).toMatchObject({ partial: false, verified: { ok: true }, warnings: [], databases: 1 })
    const { entries } = await rig.backups.files.list({
      snapshot: id,
      folder: '.wheelhouse-databases/records',
      from: 0,
      limit: 100,
    })
    expect(entries.map(({ name }) => name)).toContain('toc.dat')
    const path = '.wheelhouse-databases/records/dump.json'
    const record = await rig.backups.files.read({ snapshot: id, path, offset: 0, length: 100_000 })
    const { tables, database, owner } = JSON.parse(Buffer.from(record.base64, 'base64').toString())
    expect({ tables, database, owner }).toEqual({
      database: 'app',
      owner: 'app',
      tables: expect.arrayContaining([
        { schema: 'public', table: 'requests', rows: 20_000 },
        { schema: 'public', table: 'odd "name"\n-- ; DROP', rows: 3 },
      ]),
    })
    expect(rig.staged()).toEqual([])
  })

  test('stores once what is the same in the next dump', async () => {
    await using rig = await rigOf()
    await rig.backUp()
    await rig.backUp()
    const added = Object.values(rig.state.slice('snapshots').all())
      .map((each) => each.added)
      .sort((a, b) => a - b)
    expect(added[0]).toBeLessThan((added[1] ?? 0) / 10)
  })

  test.each<[string, Partial<BackupRigOptions>, RegExp]>([
    ['a wrong password', { secrets: () => 'not this one' }, /lets nobody in this way/],
    ['no secret', noSecret, /The secret RECORDS is not known/],
    [
      'a server that is away',
      { definition: () => recordsOf({ url: 'postgres://app@127.0.0.1:9/app' }) },
      /cannot be reached/,
    ],
    ['no pg_dump', { postgresPrograms: ['/nowhere'] }, /pg_dump and pg_restore are not on this machine/],
  ])('with %s is not good, says why, and holds the files all the same', async (_, more, why) => {
    await using rig = await rigOf(more)
    await rig.backUp()
    const told = rig.snapshot()
    expect(told).toMatchObject({ partial: true, warnings: [expect.stringMatching(why)] })
    expect(told?.warnings[0]).toMatch(/^The PostgreSQL database of Records/)
    expect(told?.files).toBeGreaterThanOrEqual(2)
    expect(JSON.stringify(told)).not.toContain(server.password)
    await expect(
      rig.backups.restore({ snapshot: null, fingerprint: null, cause: { type: 'operator', via: 'browser' } }),
    ).rejects.toMatchObject({
      problem: { code: 'snapshot-none' },
    })
  })

  test('whose role may not read a table is not good and names the table', async () => {
    server.psql('CREATE TABLE hidden (v int); REVOKE ALL ON hidden FROM app')
    try {
      await using rig = await rigOf()
      await rig.backUp()
      expect(rig.snapshot()?.warnings).toEqual([
        expect.stringMatching(/permission denied for table hidden.*database\.admin/),
      ])
    } finally {
      server.psql('DROP TABLE hidden')
    }
  })

  test('is cancelled while pg_dump waits for a lock: nothing of it stays', async () => {
    await using rig = await rigOf()
    server.psql('CREATE TABLE busy (v int); GRANT SELECT ON busy TO app')
    const holding = server.hold('BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE')
    try {
      const waits = () =>
        server.psql(
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'app'",
          'postgres',
        ) !== '0'
      await until(
        'the lock to be held',
        () => server.psql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'", 'postgres') !== '0',
      )
      const { job } = await rig.backups.create({ kind: 'full', note: '', cause: { type: 'operator', via: 'browser' } })
      await until('pg_dump to wait', waits)
      await rig.jobs.cancel(job, { type: 'operator', via: 'browser' })
      expect(await rig.jobs.finished(job)).toMatchObject({ state: 'cancelled' })
      expect(rig.staged()).toEqual([])
      expect(rig.snapshot()).toBeUndefined()
    } finally {
      holding[Symbol.dispose]()
      await until(
        'the lock to be given back',
        () => server.psql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'", 'postgres') === '0',
      )
      server.psql('DROP TABLE busy')
    }
  })
})

describe('names', () => {
  test('an identifier is quoted whatever it holds', () => {
    expect(identifier('a"; DROP DATABASE x; --')).toBe('"a""; DROP DATABASE x; --"')
  })

  test('a database beside another has a plain, short name, and is told from all others', () => {
    const odd = besideName(`-${'ä"\n'.repeat(30)}`, 'restore', 'job-7k2m9q4tx0bn5rwd')
    expect(odd).toMatch(/^[A-Za-z0-9_]{1,63}$/)
    expect(isBesideName(odd)).toBe(true)
    expect(besideName('a b', 'before', 'job-7k2m9q4tx0bn5rwd')).not.toBe(
      besideName('a_b', 'before', 'job-7k2m9q4tx0bn5rwd'),
    )
    expect(isBesideName('postgres')).toBe(false)
  })

  test('files are given to tables by number, not by what stands in a name', () => {
    const tables = new Map([['16385', { schema: 'public', table: 'a' }]])
    const listing =
      ';\n; Archive\n3310; 0 16385 TABLE DATA public 9; 0 1 TABLE DATA x owner\n3311; 0 7 TABLE DATA public b owner\n'
    expect(tableFiles(listing, tables)).toEqual([{ schema: 'public', table: 'a', file: '3310.dat' }])
  })
})
