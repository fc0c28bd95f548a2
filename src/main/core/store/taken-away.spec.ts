import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { findProgram } from '../../../../test/support/needs.ts'
import { addNote, allNotes, killedStore, storeOptions, storeWithNotes } from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'

for (const [what, command] of [
  ['whose file is deleted', 'rm "$0"'],
  ['whose file is replaced by a text', 'echo text > "$0.x"; mv "$0.x" "$0"'],
  ['whose file is replaced by a folder', 'rm "$0"; mkdir "$0"'],
  ['whose write-ahead log is deleted', 'rm "$0-wal"'],
  ['whose write-ahead log is replaced by a text', 'echo text > "$0.x"; mv "$0.x" "$0-wal"'],
] as const) {
  test(`a database ${what} while it is in use: everything acknowledged is there, and what is written meanwhile`, async () => {
    using folder = temporaryFolder()
    const options = storeOptions(folder.path)
    const texts = Array.from({ length: 21 }, (_, n) => `note ${n}`)
    {
      await using store = await openStore(options)
      for (const text of texts.slice(0, 20)) await store.control.write(addNote(Date.now(), text), 'event')
      execFileSync('sh', ['-c', command, join(folder.path, 'control.db')])
      await store.control.write(addNote(Date.now(), texts[20] ?? ''), 'event')
      expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
      expect(store.control.all(allNotes).map((row) => Object.values(Object(row))[0])).toEqual(texts)
      expect(store.upkeep.untold()).toMatchObject([{ kind: 'recovered' }])
    }
    await using store = await openStore(options)
    expect(store.opened.control).toEqual({ how: 'clean' })
    expect(store.control.all(allNotes)).toHaveLength(21)
  })
}

test('a database that lost its write-ahead log while no console ran, and all its tables with it, is replaced by its copy', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(folder.path)
  {
    await using store = await openStore(options)
    await store.control.write(addNote(Date.now(), 'of the copy'), 'event')
    await store.upkeep.copies.take('control', 'by-operator')
  }
  const path = join(folder.path, 'control.db')
  rmSync(path)
  const header = new Database(path)
  header.pragma('journal_mode = WAL')
  header.close()
  await using store = await openStore(options)
  expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
  expect(store.control.all(allNotes)).toEqual([{ text: 'of the copy' }])
  expect(store.upkeep.untold()).toMatchObject([{ kind: 'recovered' }])
})

/** Notes of a run that closed properly, and more of one that was killed, which stand in the write-ahead log only. */
async function killedAfterCleanRun(directory: string) {
  const options = storeOptions(directory)
  await storeWithNotes(options, { notes: 20 })
  await killedStore(directory, { notes: 30 })
  return options
}

for (const name of ['control', 'messages'] as const) {
  for (const [what, command] of [
    ['lost its write-ahead log', 'rm "$0-wal"'],
    ['lost its write-ahead log and the index of that', 'rm "$0-wal" "$0-shm"'],
    ['has an empty write-ahead log', ': > "$0-wal"'],
    ['was replaced by an older file', 'rm "$0-wal" "$0-shm"; cp "$0.old" "$0"'],
  ] as const) {
    test(`a ${name} database that ${what} after a kill: what is left is opened, and what is missing is told once`, async () => {
      using folder = temporaryFolder()
      const path = join(folder.path, `${name}.db`)
      await storeWithNotes(storeOptions(folder.path), { notes: 10 })
      copyFileSync(path, `${path}.old`)
      const options = await killedAfterCleanRun(folder.path)
      execFileSync('sh', ['-c', command, path])
      {
        await using store = await openStore(options)
        const newest = store[name].get<{ at: number }>({ sql: 'SELECT max(at) AS at FROM notes' })?.at ?? 0
        expect(store.opened[name]).toEqual({
          how: 'after an unclean exit',
          lost: { from: newest, to: expect.any(Number) },
        })
        const [report] = store.upkeep.untold()
        expect(report).toMatchObject({ kind: 'log-lost', database: name, data: { lost: { from: newest } } })
        expect(report?.message).toMatch(/^The write-ahead log of the .* is missing\./)
        const [written] = await store[name].write(addNote(Date.now(), 'goes on'), 'event')
        expect(written?.lastInsertRowid).toBeGreaterThan(1_000_000_000_000)
        for (const told of store.upkeep.untold()) await store.upkeep.told(told)
      }
      await using store = await openStore(options)
      expect(store.opened[name]).toEqual({ how: 'clean' })
      expect(store.upkeep.untold()).toEqual([])
    })
  }
}

test('a database without its log that holds less than its newest copy is replaced by that', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(folder.path)
  await storeWithNotes(options, { notes: 20 })
  {
    await using store = await openStore(options)
    await store.control.write(addNote(Date.now() + 60_000, 'of the copy'), 'event')
    await store.upkeep.copies.take('control', 'scheduled')
  }
  await killedStore(folder.path, { notes: 5 })
  // As it was before anything of this was carried over.
  const database = new Database(join(folder.path, 'control.db'))
  database.exec("DELETE FROM notes WHERE text = 'of the copy'; UPDATE store_marks SET value = '1' WHERE name = 'log'")
  database.exec("DELETE FROM notes WHERE text LIKE 'killed%'")
  database.close()
  await using store = await openStore(options)
  expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
  expect(store.upkeep.untold()).toMatchObject([
    { kind: 'recovered', message: expect.stringContaining('its write-ahead log was taken away') },
  ])
})

test('no log is missed where none was lost: after kills in a row, after another program carried it over, after a recovery', async () => {
  using folder = temporaryFolder()
  const options = await killedAfterCleanRun(folder.path)
  await killedStore(folder.path, { notes: 5 })
  await killedStore(folder.path, { notes: 0 })
  for (const name of ['control', 'messages'] as const) {
    // The last connection carries the log over and removes it.
    const other = new Database(join(folder.path, `${name}.db`))
    expect(other.prepare('SELECT count(*) FROM notes').pluck().get()).toBe(55)
    other.close()
    expect(existsSync(join(folder.path, `${name}.db-wal`))).toBe(false)
  }
  {
    await using store = await openStore(options)
    expect(store.opened).toEqual({
      control: { how: 'after an unclean exit' },
      messages: { how: 'after an unclean exit' },
    })
    await store.replace('control', 'a test', 'operator')
  }
  await killedStore(folder.path, { notes: 5 })
  await using store = await openStore(options)
  expect(store.opened.control).toEqual({ how: 'after an unclean exit' })
  expect(store.upkeep.untold().map(({ kind }) => kind)).toEqual(['recovered'])
})

test('a sound database of another program in place of one that nobody writes to: a check finds it, and no copy of it is taken', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(storeOptions(folder.path))
  const other = new Database(join(folder.path, 'other.db'))
  other.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  other.close()
  for (const ending of ['-wal', '-shm']) rmSync(join(folder.path, `messages.db${ending}`))
  renameSync(join(folder.path, 'other.db'), join(folder.path, 'messages.db'))
  const found = { ok: false, problems: ["it holds none of the console's tables"] }
  expect(await store.upkeep.check('messages', 'quick')).toMatchObject(found)
  expect(store.upkeep.lastCheck('messages')).toMatchObject({ ok: false, note: found.problems[0] })
  await expect(store.upkeep.copies.take('messages', 'scheduled')).rejects.toMatchObject({
    problem: { code: 'database-damaged', message: expect.stringContaining(found.problems[0] ?? '') },
  })
  expect(readdirSync(join(folder.path, 'copies'))).toEqual([])
  expect(await store.upkeep.check('control', 'full')).toMatchObject({ ok: true, problems: [] })
})

/** For root the mode of a folder is no obstacle, unless it gives that right up. */
const withoutPassingOver = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []

test.skipIf(withoutPassingOver.length > 0 && findProgram('setpriv') === null)(
  'a folder that may not be entered for a while is no sign that its files were taken away: the database stays, with all that was acknowledged',
  async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, '.wheelhouse')
    const program = join(import.meta.dirname, '../../../../test/support/hidden-folder.program.ts')
    const [command = '', ...words] = [...withoutPassingOver, process.execPath, program, directory]
    const { stdout } = await promisify(execFile)(command, words).finally(() => chmodSync(directory, 0o700))
    const { opened, acknowledged, texts } = JSON.parse(stdout)
    expect(opened).toEqual({ how: 'new' })
    expect(acknowledged).toContain('after')
    expect(texts).toEqual(acknowledged)
  },
)
