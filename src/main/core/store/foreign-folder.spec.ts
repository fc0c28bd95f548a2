import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { addNote, allNotes, storeOptions, storeWithNotes } from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'

const record = { format: 1, intent: null, standIn: null, continueFrom: null, highest: 0, reports: [] }

function plant(directory: string, recovery: unknown): void {
  mkdirSync(join(directory, 'recovery'), { recursive: true })
  writeFileSync(join(directory, 'recovery', 'control.json'), JSON.stringify(recovery))
}

test('a record of a recovery that leads out of the folder is not believed: nothing is moved there', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  const other = join(folder.path, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'control.db'), "another site's")
  await storeWithNotes(storeOptions(directory), { notes: 1 })
  const intent = { id: 'rc_1', at: 1, by: 'damage', damage: 'none', until: 1, phase: 'setting aside', choice: null }
  mkdirSync(join(directory, 'quarantine'))
  symlinkSync(other, join(directory, 'quarantine', 'linked'))
  for (const leading of ['../../other', 'linked']) {
    plant(directory, { ...record, intent: { ...intent, folder: leading } })
    await using store = await openStore(storeOptions(directory))
    expect(store.control.all({ sql: 'SELECT 1' })).toHaveLength(1)
  }
  expect(readFileSync(join(other, 'control.db'), 'utf8')).toBe("another site's")
  expect(existsSync(join(other, 'why.json'))).toBe(false)
})

test("a stand-in that is a link to somebody else's database is not used", async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  const theirs = join(folder.path, 'theirs.db')
  new Database(theirs).exec('CREATE TABLE precious (text)').close()
  const before = readFileSync(theirs)
  await storeWithNotes(storeOptions(directory), { notes: 1 })
  rmSync(join(directory, 'control.db'))
  mkdirSync(join(directory, 'stand-in'))
  symlinkSync(theirs, join(directory, 'stand-in', 'control.db'))
  const report = { kind: 'recovered', at: 1, seenMs: 1e15, by: 'damage', message: '', data: {}, told: true }
  plant(directory, { ...record, reports: ['a', 'b', 'c'].map((id) => ({ ...report, id })) })
  await using store = await openStore(storeOptions(directory))
  expect(store.opened.control).toMatchObject({ how: 'stand-in' })
  await store.control.write(addNote(1, 'kept meanwhile'), 'job')
  expect(readFileSync(theirs).equals(before)).toBe(true)
})

test("a database with a trigger or a view is not the console's own: it is replaced", async () => {
  for (const strange of [
    "CREATE TRIGGER more AFTER INSERT ON notes BEGIN INSERT INTO notes (at, text) VALUES (0, 'more'); END",
    'CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n',
  ]) {
    using folder = temporaryFolder()
    await storeWithNotes(storeOptions(folder.path), { notes: 3, copied: true })
    new Database(join(folder.path, 'control.db')).exec(strange).close()
    await using store = await openStore(storeOptions(folder.path))
    expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
    await store.control.write(addNote(1, 'one'), 'job')
    expect(store.control.all(allNotes)).toHaveLength(4)
  }
})

test('a link that leads nowhere in place of a database is set aside like any other', async () => {
  using folder = temporaryFolder()
  await storeWithNotes(storeOptions(folder.path), { notes: 3 })
  for (const ending of ['', '-wal', '-shm']) {
    rmSync(join(folder.path, `control.db${ending}`), { force: true })
    symlinkSync('/nowhere/at/all', join(folder.path, `control.db${ending}`))
  }
  await using store = await openStore(storeOptions(folder.path))
  expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'empty' })
  expect(await store.control.write(addNote(1, 'one'), 'job')).toHaveLength(1)
})

test('records that are pipes are not waited for', async () => {
  using folder = temporaryFolder()
  await storeWithNotes(storeOptions(folder.path), { notes: 2 })
  const folders = ['recovery', 'copies', 'quarantine', 'quarantine/2026-01-05T08-30-00-000Z-control']
  for (const each of folders) mkdirSync(join(folder.path, each), { recursive: true })
  for (const file of ['store.json', 'recovery/control.json', `${folders[3]}/why.json`, `${folders[3]}/why.txt`]) {
    rmSync(join(folder.path, file), { force: true })
    execFileSync('mkfifo', [join(folder.path, file)])
  }
  await using store = await openStore(storeOptions(folder.path))
  expect(store.control.all(allNotes)).toHaveLength(2)
  expect(await store.upkeep.sweep()).toEqual([])
})

test('what a planted record says is told in one line of sensible length, only so many times, and times that there are none of are not believed', async () => {
  using folder = temporaryFolder()
  await storeWithNotes(storeOptions(folder.path), { notes: 1 })
  const planted = {
    kind: 'recovered',
    at: 1,
    seenMs: 1,
    by: 'damage',
    message: `All is well.\u202e\u0007\n\nRun this: ${'rm '.repeat(5_000)}`,
    data: { much: 'x'.repeat(30_000) },
    told: false,
  }
  plant(folder.path, { ...record, reports: Array.from({ length: 150 }, (_, n) => ({ ...planted, id: `r${n}` })) })
  {
    await using store = await openStore(storeOptions(folder.path))
    const told = store.upkeep.untold()
    expect(told).toHaveLength(100)
    expect(told[0]?.message.length).toBeLessThanOrEqual(2_000)
    expect(told[0]?.message).toMatch(/^All is well\. Run this: rm rm .*…$/)
    expect(told[0]?.data).toEqual({})
  }
  const intent = { id: 'rc_1', at: 1, by: 'damage', damage: 'none', folder: 'f', phase: 'replacing', choice: null }
  plant(folder.path, { ...record, intent: { ...intent, until: 1e300 } })
  await using store = await openStore(storeOptions(folder.path))
  expect(store.opened.control).toEqual({ how: 'clean' })
  expect(store.control.all(allNotes)).toHaveLength(1)
})
