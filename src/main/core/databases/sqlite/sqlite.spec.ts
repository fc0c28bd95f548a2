import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { databaseRig, sqliteDriver } from '../../../../../test/support/database-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { sql } from '../sql.ts'

function made(folder: string): string {
  const path = join(folder, 'app.db')
  const database = new Database(path)
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE note (id INTEGER PRIMARY KEY, text)')
  database.close()
  return path
}

const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => 'did not fail',
    (error: unknown) => (error instanceof Error && 'problem' in error ? error.problem : error),
  )

it('sessions commit, roll back, bind every kind of value and take one statement at a time', async () => {
  using folder = temporaryFolder()
  await using rig = databaseRig(sqliteDriver(made(folder.path)))
  const values = [null, "'); DROP TABLE note; --", 1.5, 2n ** 60n, true, new Uint8Array([1, 2])] as const
  await rig.sessions.session(async (session) => {
    for (const value of values) await session.query(sql`INSERT INTO note (text) VALUES (${value})`)
  })
  await failed(
    rig.sessions.session(async (session) => {
      await session.query('DELETE FROM note')
      throw new Error('no')
    }),
  )
  const { rows } = await rig.sessions.read((session) => session.query('SELECT text FROM note ORDER BY id'))
  expect(rows.map(({ text }) => text)).toEqual([null, values[1], 1.5, 2n ** 60n, 1, Buffer.from([1, 2])])
  const refuse = (text: string) => failed(rig.sessions.session((session) => session.query(text)))
  expect(await refuse('SELECT 1; DELETE FROM note')).toMatchObject({ code: 'database-refused' })
  expect(await refuse("ATTACH 'other.db' AS other")).toMatchObject({ code: 'database-statement-of-the-pool' })
  const change = rig.sessions.read((session) => session.query('DELETE FROM note'))
  expect(await failed(change)).toMatchObject({ code: 'database-read-only' })
})

it('a statement that does not end is killed at its time-out with its helper, and the pool goes on', async () => {
  using folder = temporaryFolder()
  await using rig = databaseRig(sqliteDriver(made(folder.path)), { settings: { statementMs: 8_000 } })
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'
  const asked = rig.sessions.read((session) => session.query(endless), { timeoutMs: 8_000 })
  expect(await failed(asked)).toMatchObject({ code: 'database-timeout' })
  const { rows } = await rig.sessions.read((session) => session.query('SELECT 1 AS one'))
  expect(rows).toEqual([{ one: 1 }])
})

it('a lock of another program is waited for, a full disk and a missing, foreign or removed file are said', async () => {
  using folder = temporaryFolder()
  const path = made(folder.path)
  await using rig = databaseRig(sqliteDriver(path))
  const other = new Database(path)
  other.exec('BEGIN IMMEDIATE')
  const waiting = rig.sessions.session((session) => session.query('INSERT INTO note (text) VALUES (1)'))
  await rig.sessions.read((session) => session.query('SELECT 1')) // readers are not held up
  other.exec('COMMIT')
  other.close()
  await waiting

  const full = rig.sessions.session(async (session) => {
    await session.query('PRAGMA max_page_count = 3')
    await session.query(sql`INSERT INTO note (text) VALUES (${'x'.repeat(100_000)})`)
  })
  expect(await failed(full)).toMatchObject({ code: 'database-no-space' })

  rmSync(path)
  expect(await failed(rig.sessions.read((session) => session.query('SELECT 1')))).toMatchObject({
    code: 'database-missing',
  })
  expect(existsSync(path), 'no empty database is made').toBe(false)
  writeFileSync(path, 'This is a text and no database, long enough to be read as one. '.repeat(20))
  expect(await failed(rig.sessions.read((session) => session.query('SELECT 1')))).toMatchObject({
    code: 'database-damaged',
  })
})
