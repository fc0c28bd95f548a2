import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { builtPrograms, testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { type DirectReply, type DirectWrite, openStore, type Schema, type StoreOptions } from './index.ts'

const notes: Schema = {
  owner: 'notes',
  migrations: [
    {
      version: 1,
      what: 'notes',
      sql: 'CREATE TABLE notes (seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)',
    },
  ],
}
const later: Schema = {
  owner: 'notes',
  migrations: [...notes.migrations, { version: 2, what: 'authors', sql: 'ALTER TABLE notes ADD COLUMN author TEXT' }],
}

function optionsFor(directory: string, more: Partial<StoreOptions> = {}): StoreOptions {
  return {
    directory,
    schemas: { control: [notes], messages: [notes] },
    runtime: testRuntime(),
    clock: systemClock(),
    logger: silentLogger,
    ...more,
  }
}

const add = (text: string) => [{ sql: 'INSERT INTO notes (text) VALUES (?)', values: [text] }]
const allTexts = { sql: 'SELECT text FROM notes ORDER BY seq' }

/** A console in another process that writes notes and prints each one's text once it was acknowledged. */
function writingConsole(directory: string): { child: ChildProcess; acknowledged: string[] } {
  const script = `
    const { openStore } = await import(process.argv[1]); const platform = await import(process.argv[2])
    const store = await openStore({ directory: process.argv[3], schemas: JSON.parse(process.argv[4]),
      runtime: platform.builtRuntime(${JSON.stringify(builtPrograms)}, process.execPath), clock: platform.systemClock(), logger: platform.silentLogger })
    const write = async (name, n) => {
      await store[name].write([{ sql: 'INSERT INTO notes (text) VALUES (?)', values: [name + n] }], 'job')
      process.stdout.write(name + n + '\\n') }
    for (let n = 0; ; n += 8) await Promise.all(Array.from({ length: 8 }, (_, i) => write(i % 2 ? 'messages' : 'control', n + i)))`
  const modules = ['./index.ts', '../platform/index.ts'].map((path) => new URL(path, import.meta.url).href)
  const schemas = JSON.stringify({ control: [notes], messages: [notes] })
  const args = ['--input-type=module', '-e', script, ...modules, directory, schemas]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const acknowledged: string[] = []
  createInterface(child.stdout).on('line', (line) => acknowledged.push(line))
  return { child, acknowledged }
}

async function killedAfter(count: number, directory: string): Promise<string[]> {
  const { child, acknowledged } = writingConsole(directory)
  await until(`${count} acknowledged writes`, () => acknowledged.length >= count)
  child.kill('SIGKILL')
  await once(child, 'close')
  return acknowledged
}

test('what was written is there after closing and opening again, and a clean close leaves no log behind', async () => {
  using folder = temporaryFolder()
  {
    await using store = await openStore(optionsFor(folder.path))
    expect(store.opened).toEqual({ control: { how: 'new' }, messages: { how: 'new' } })
    const [result] = await store.control.write(add('first'), 'job')
    expect(result).toEqual({ changes: 1, lastInsertRowid: 1, rows: [] })
    expect(store.control.get<{ text: string }>(allTexts)).toEqual({ text: 'first' })
    expect(statSync(join(folder.path, 'control.db')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder.path, 'control.db-wal')).mode & 0o777).toBe(0o600)
  }
  expect(readdirSync(folder.path).sort()).toEqual(['control.db', 'messages.db', 'store.json'])
  await using store = await openStore(optionsFor(folder.path))
  expect(store.opened).toEqual({ control: { how: 'clean' }, messages: { how: 'clean' } })
  expect(store.control.all(allTexts)).toEqual([{ text: 'first' }])
})

test('closing waits for what was handed in, and refuses what comes after', async () => {
  using folder = temporaryFolder()
  const store = await openStore(optionsFor(folder.path))
  const writes = Array.from({ length: 3000 }, (_, n) => store.messages.write(add(`${n}`), 'journal'))
  const closing = store[Symbol.asyncDispose]()
  await expect(store.control.write(add('late'), 'job')).rejects.toMatchObject({ problem: { code: 'store-closed' } })
  await closing
  await Promise.all(writes)
  await using again = await openStore(optionsFor(folder.path))
  expect(again.messages.all(allTexts)).toHaveLength(3000)
})

test('kill -9 while it writes: every acknowledged write is there, and the databases were checked', async () => {
  using folder = temporaryFolder()
  const acknowledged = await killedAfter(300, folder.path)
  await using store = await openStore(optionsFor(folder.path))
  expect(store.opened).toEqual({
    control: { how: 'after an unclean exit' },
    messages: { how: 'after an unclean exit' },
  })
  const kept = new Set(
    [store.control, store.messages].flatMap((database) =>
      database.all<{ text: string }>(allTexts).map(({ text }) => text),
    ),
  )
  expect(acknowledged.filter((text) => !kept.has(text))).toEqual([])
})

test('one unit is all or nothing, and its failure is told to its writer only', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path))
  const good = store.control.write(add('good'), 'job')
  const bad = store.control.write([...add('half'), { sql: 'INSERT INTO notes (text) VALUES (NULL)' }], 'job')
  await expect(bad).rejects.toMatchObject({ problem: { code: 'store-refused' } })
  await good
  expect(store.control.all(allTexts)).toEqual([{ text: 'good' }])
  expect(store.statistics().state).toBe('open')
})

test('a data-plane thread writes through its own port and is told of each commit or its failure', async () => {
  using folder = temporaryFolder()
  const store = await openStore(optionsFor(folder.path))
  const port = store.directPort()
  const replies: DirectReply[] = []
  port.on('message', (reply: DirectReply) => replies.push(reply))
  const write: DirectWrite = {
    id: 1,
    recordClass: 'outbox',
    statements: [...add('a'), ...add('b')],
  }
  port.postMessage(write)
  port.postMessage({ ...write, id: 2, statements: [{ sql: 'INSERT INTO nowhere VALUES (1)' }] })
  await until('both replies', () => replies.length === 2)
  expect(replies[0]).toEqual({ id: 1, error: null, retryable: false, rowids: [1, 2], rows: [] })
  expect(replies[1]?.error).toContain('no such table: nowhere')
  expect(store.messages.all(allTexts)).toEqual([{ text: 'a' }, { text: 'b' }])
  const closed = once(port, 'close')
  await store[Symbol.asyncDispose]()
  await closed
})

test('settled resolves only when everything written so far is committed', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path))
  for (let n = 0; n < 500; n++) void store.control.write(add(`${n}`), 'journal')
  await store.settled()
  expect(store.control.all(allTexts)).toHaveLength(500)
})

test('an upgrade keeps a copy from before, and an older console refuses the newer database', async () => {
  using folder = temporaryFolder()
  {
    await using store = await openStore(optionsFor(folder.path))
    await store.control.write(add('old'), 'job')
  }
  {
    await using store = await openStore(optionsFor(folder.path, { schemas: { control: [later], messages: [notes] } }))
    expect(store.control.all({ sql: 'SELECT text, author FROM notes' })).toEqual([{ text: 'old', author: null }])
  }
  const [copy] = readdirSync(join(folder.path, 'copies'))
  expect(copy).toMatch(/^control\.before-upgrade\./)
  const before = new Database(join(folder.path, 'copies', copy ?? ''), { readonly: true })
  expect(before.prepare('SELECT * FROM notes').all()).toEqual([{ seq: 1, text: 'old' }])
  before.close()
  await expect(openStore(optionsFor(folder.path))).rejects.toMatchObject({
    problem: { code: 'store-from-newer-version' },
  })
})

test('a migration that fails leaves the database as it was and no thread running', async () => {
  using folder = temporaryFolder()
  await (await openStore(optionsFor(folder.path)))[Symbol.asyncDispose]()
  const broken: Schema = {
    owner: 'notes',
    migrations: [...notes.migrations, { version: 2, what: 'x', sql: 'CREATE x' }],
  }
  const opening = openStore(optionsFor(folder.path, { schemas: { control: [notes], messages: [broken] } }))
  await expect(opening).rejects.toThrow(/messages database.*syntax error/)
  await using store = await openStore(optionsFor(folder.path))
  expect(store.opened.messages).toEqual({ how: 'clean' })
})

test('a control database that is no database any more is set aside whole, and the console runs and says so', async () => {
  using folder = temporaryFolder()
  await (await openStore(optionsFor(folder.path)))[Symbol.asyncDispose]()
  const rubbish = 'coffee was spilled here '.repeat(1000)
  writeFileSync(join(folder.path, 'control.db'), rubbish)
  writeFileSync(join(folder.path, 'control.db-wal'), 'and here')
  await using store = await openStore(optionsFor(folder.path))
  const opened = store.opened.control
  if (opened.how !== 'replaced') throw new Error(`opened ${opened.how}`)
  expect(opened.reason).toContain('file is not a database')
  expect(opened.reason).toContain('a new, empty one took its place')
  expect(readFileSync(join(opened.quarantined, 'control.db'), 'utf8')).toBe(rubbish)
  expect(readFileSync(join(opened.quarantined, 'control.db-wal'), 'utf8')).toBe('and here')
  expect(store.opened.messages).toEqual({ how: 'clean' })
  const before = Date.now()
  const [written] = await store.control.write(add('it goes on'), 'job')
  expect(written?.lastInsertRowid).toBeGreaterThan(before - 60_000)
})

test('a database torn by a crash is found by the check, and the newest good copy takes its place', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock(Date.now())
  {
    await using store = await openStore(optionsFor(folder.path, { clock }))
    for (let n = 0; n < 200; n++) void store.control.write(add(`kept ${n} ${'x'.repeat(500)}`), 'journal')
    await store.settled()
    await store.upkeep.copies.take('control', 'scheduled')
  }
  const acknowledged = await killedAfter(20, folder.path)
  expect(acknowledged.length).toBeGreaterThanOrEqual(20)
  const path = join(folder.path, 'control.db')
  const bytes = readFileSync(path)
  bytes.fill(0xa5, 4096 * 6, 4096 * 16)
  writeFileSync(path, bytes)
  writeFileSync(join(folder.path, 'copies', 'control.scheduled.2999-01-01T00-00-00-000Z.db'), 'not a good copy')
  await using store = await openStore(optionsFor(folder.path))
  expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy', copiedAt: clock.wall() })
  expect(store.opened.messages).toEqual({ how: 'after an unclean exit' })
  expect(store.control.all(allTexts)).toHaveLength(200)
  const [written] = await store.control.write(add('after'), 'job')
  expect(written?.lastInsertRowid).toBeGreaterThan(1_000_000_000_000)
})

test('opens and closes many times in one process, two sites at once, and leaves no thread behind', async () => {
  using one = temporaryFolder()
  using two = temporaryFolder()
  for (let time = 0; time < 5; time++) {
    await using first = await openStore(optionsFor(one.path))
    await using second = await openStore(optionsFor(two.path))
    await Promise.all([first.control.write(add('a'), 'job'), second.control.write(add('b'), 'job')])
    expect(process.getActiveResourcesInfo()).toContain('MessagePort')
  }
  await until('no worker is left', () => !process.getActiveResourcesInfo().includes('MessagePort') || undefined)
})
