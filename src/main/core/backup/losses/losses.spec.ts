import { mkdirSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { makeDatabase } from '../../../../../test/support/odd-site.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { differences, listTree } from '../../../../../test/support/tree-listing.ts'
import { countRows } from './count-rows.ts'

const calm = { withinMs: 30_000, signal: new AbortController().signal }

test('what a restore would lose is counted: rows of each table, tables and databases that are new, files since; nothing is changed', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  makeDatabase(join(site, 'data', 'app.db'), 20)
  makeDatabase(join(site, 'data', 'same.db'), 3)
  await using rig = await openBackupRig({ site, folder: join(folder.path, 'backups') })
  const snapshot = await rig.backUp()
  const database = new Database(join(site, 'data', 'app.db'))
  database.exec(
    "INSERT INTO notes (text) VALUES ('one'), ('two'); CREATE TABLE visits (at); INSERT INTO visits VALUES (1)",
  )
  database.close()
  makeDatabase(join(site, 'data', 'new.db'), 7)
  writeFileSync(join(site, 'data', 'report.pdf'), 'written since')
  const later = Date.now() / 1_000 + 5 // than the database, which may be of the same millisecond
  utimesSync(join(site, 'data', 'report.pdf'), later, later)
  const before = listTree(site)

  const losses = await rig.backups.losses(snapshot)

  expect(losses.databases).toEqual([
    {
      path: 'data/app.db',
      tables: [
        { table: 'notes', now: 22, stored: 20 },
        { table: 'visits', now: 1, stored: 0 },
      ],
      note: null,
    },
    { path: 'data/new.db', tables: [{ table: 'notes', now: 7, stored: 0 }], note: null },
  ])
  expect(losses.sentences).toEqual(
    expect.arrayContaining([
      'notes in data/app.db: 22 rows now, 20 in the snapshot: 2 rows are lost.',
      expect.stringContaining('data/report.pdf'),
    ]),
  )
  const touched = differences(before, listTree(site)).filter((line) => !/-(shm|wal)"|"\.\/data": mtime/.test(line))
  expect(touched).toEqual([])
})

test('a database that cannot be counted is named with the reason, and is never taken for nothing', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  makeDatabase(join(site, 'data', 'app.db'), 20)
  await using rig = await openBackupRig({ site, folder: join(folder.path, 'backups') })
  const snapshot = await rig.backUp()
  const path = join(site, 'data', 'app.db')
  unlinkSync(path)
  writeFileSync(path, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8_000, 7)]))
  const { databases, sentences } = await rig.backups.losses(snapshot)
  expect(databases).toMatchObject([
    { path: 'data/app.db', note: expect.stringContaining('the one in the site cannot be read') },
  ])
  expect(sentences.join(' ')).toContain('not counted')
  expect(sentences.join(' ')).not.toContain('Nothing that is newer')
})

test('counting is bounded: what was not finished in time is unknown, not zero', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'large.db')
  const database = new Database(path)
  database.exec('CREATE TABLE a (x); CREATE TABLE b (x)')
  database.exec(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO a SELECT i FROM n',
  )
  database.close()
  expect(await countRows(testRuntime(), path, calm)).toEqual({
    tables: new Map([
      ['a', 500],
      ['b', 0],
    ]),
    failed: null,
  })
  expect(await countRows(testRuntime(), path, { ...calm, withinMs: 1 })).toEqual({
    tables: new Map(),
    failed: 'it did not answer in time',
  })
  expect((await countRows(testRuntime(), join(folder.path, 'none.db'), calm)).failed).toContain('unable to open')
  const stop = AbortSignal.abort(new Error('nobody waits any more'))
  await expect(countRows(testRuntime(), path, { ...calm, signal: stop })).rejects.toThrow('nobody waits')
})
