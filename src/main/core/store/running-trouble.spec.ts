import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { builtPrograms, testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { openStore, type Replaced, type Schema, type StoreOptions } from './index.ts'

const notes: Schema = {
  owner: 'notes',
  migrations: [
    { version: 1, what: 'notes', sql: 'CREATE TABLE notes (seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)' },
  ],
}
const add = (text: string) => [{ sql: 'INSERT INTO notes (text) VALUES (?)', values: [text] }]
const texts = { sql: 'SELECT text FROM notes ORDER BY seq' }

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

/** Opened on 200 rows that no connection has in its memory. */
async function openOnRows(directory: string) {
  {
    await using store = await openStore(optionsFor(directory))
    for (let n = 0; n < 200; n++) void store.control.write(add(`kept ${n} ${'x'.repeat(500)}`), 'job')
    await store.settled()
  }
  return await openStore(optionsFor(directory))
}

/** Overwrites most of a database, as a failing disk would; in another process, so that no lock of this one is lost. */
function spoil(path: string): void {
  const script = `const { openSync, writeSync } = require('node:fs')
    const file = openSync(process.argv[1], 'r+'); writeSync(file, Buffer.alloc(4096 * 20, 0xa5), 0, 4096 * 20, 4096 * 2)`
  execFileSync(process.execPath, ['-e', script, path])
}

test('damage that the writer meets: the database is replaced while the console runs, and what waited is written', async () => {
  using folder = temporaryFolder()
  await using store = await openOnRows(folder.path)
  const replaced: Replaced[] = []
  store.onReplaced((what) => replaced.push(what))
  spoil(join(folder.path, 'control.db'))
  const first = store.control.write(add('meets it'), 'job')
  const refused = expect(first).rejects.toMatchObject({ problem: { code: 'store-damaged', retryable: true } })
  await refused
  const waited = store.control.write(add('waited'), 'event')
  expect(store.statistics().databases.control.state).toBe('recovering')
  expect(() => store.control.all(texts)).toThrowError(/being replaced/)
  await expect(store.control.query(texts)).rejects.toMatchObject({
    problem: { code: 'store-recovering', retryable: true },
  })
  await store.messages.write(add('the other goes on'), 'journal')
  await waited
  expect(store.control.all(texts)).toEqual([{ text: 'waited' }])
  expect(await store.control.query(texts)).toEqual([{ text: 'waited' }])
  await until('it is told', () => replaced.length > 0)
  expect(replaced).toMatchObject([{ database: 'control', by: 'damage', opened: { how: 'replaced' } }])
  expect(store.statistics()).toMatchObject({ state: 'open', note: null })
  expect(store.opened.control.how).toBe('replaced')
})

test('damage that only a read meets has the database replaced too', async () => {
  using folder = temporaryFolder()
  await using store = await openOnRows(folder.path)
  spoil(join(folder.path, 'control.db'))
  expect(() => store.control.all(texts)).toThrowError(/damaged/)
  await until('it is replaced', () => store.opened.control.how === 'replaced')
  await until('it is in use again', () => store.statistics().state === 'open')
  expect(store.control.all(texts)).toEqual([])
})

test('damage that only a query beside the control plane meets has the database replaced too', async () => {
  using folder = temporaryFolder()
  await using store = await openOnRows(folder.path)
  spoil(join(folder.path, 'control.db'))
  await expect(store.control.query(texts)).rejects.toMatchObject({ problem: { code: 'store-damaged' } })
  await until('it is replaced', () => store.opened.control.how === 'replaced')
  await until('it is in use again', () => store.statistics().state === 'open')
  expect(await store.control.query(texts)).toEqual([])
})

test('a sound database is replaced when a person says so: nothing of it is lost, and sequences go on above its own', async () => {
  using folder = temporaryFolder()
  await using store = await openOnRows(folder.path)
  const query = store.control.query({ sql: 'SELECT count(*) AS n FROM notes' })
  await query
  const both = [
    store.replace('control', 'an operator asked for it', 'operator'),
    store.replace('control', 'an operator asked for it', 'operator'),
  ]
  const opened = await Promise.all(both)
  expect(opened[0]).toBe(opened[1])
  if (opened[0]?.how !== 'replaced') throw new Error('not replaced')
  expect(readFileSync(join(opened[0].quarantined, 'control.db')).length).toBeGreaterThan(100_000)
  const [written] = await store.control.write(add('after'), 'job')
  expect(written?.lastInsertRowid).toBeGreaterThan(1_000_000_000_000)
})

test('where a database cannot be replaced, a stand-in takes what happens, says why, and ends when it can be', async () => {
  using folder = temporaryFolder()
  await using store = await openOnRows(folder.path)
  // Where the quarantine should be there is a file.
  execFileSync('sh', ['-c', 'rm -rf "$0" && echo file > "$0"', join(folder.path, 'quarantine')])
  expect(await store.replace('control', 'a test', 'operator')).toMatchObject({ how: 'stand-in' })
  expect(store.statistics()).toMatchObject({ state: 'stand-in', note: expect.stringContaining('could not be moved') })
  await store.control.write(add('in the stand-in'), 'event')
  expect(store.control.all(texts)).toEqual([{ text: 'in the stand-in' }])
  expect(await store.control.query(texts)).toEqual([{ text: 'in the stand-in' }])
  execFileSync('rm', [join(folder.path, 'quarantine')])
  expect(await store.replace('control', 'a test', 'operator')).toMatchObject({ how: 'replaced' })
  expect(store.statistics()).toMatchObject({ state: 'open', note: null })
  await store.control.write(add('a'), 'event')
})

/** A folder on a disk of its own of 2 MB, where the machine lets one be made. */
function smallDisk(skip: (reason: string) => never, folder: string): Disposable & { readonly path: string } {
  const path = join(folder, 'disk')
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    skip('no small disk can be mounted here: that needs the rights of root')
  }
  return { path, [Symbol.dispose]: () => void execFileSync('umount', ['-l', path]) }
}

test('a full disk: nothing is lost silently, nothing is tried in vain, and writing goes on by itself when there is room', async (context) => {
  using folder = temporaryFolder()
  using disk = smallDisk((reason) => context.skip(reason), folder.path)
  const clock = new ManualClock()
  await using store = await openStore(optionsFor(join(disk.path, 'store'), { clock }))
  execFileSync('sh', ['-c', 'head -c 1000000 /dev/zero > "$0"', join(disk.path, 'ballast')])
  let kept = 0
  const full = async () => {
    for (;;) {
      await store.control.write(add('x'.repeat(5_000)), 'job')
      kept++
    }
  }
  await expect(full()).rejects.toMatchObject({ problem: { code: 'store-read-only', retryable: true } })
  expect(kept).toBeGreaterThan(3)
  expect(store.statistics().databases.control).toMatchObject({
    state: 'read-only',
    note: expect.stringContaining('full'),
  })
  const refusals = Array.from({ length: 3 }, () => store.control.write(add('y'), 'event'))
  for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ problem: { code: 'store-read-only' } })
  expect(store.statistics().queue.depth).toBe(0)
  expect(store.control.all(texts)).toHaveLength(kept)
  await clock.advance(1_000)
  expect(store.statistics().state).toBe('read-only')
  execFileSync('rm', [join(disk.path, 'ballast')])
  await until('it writes again', async () => {
    await clock.advance(1_000)
    return store.statistics().state === 'open'
  })
  expect(store.statistics()).toMatchObject({ note: null })
  await store.control.write(add('room again'), 'event')
  expect(store.control.all(texts)).toHaveLength(kept + 1)
})

test('a limit on the size of files, without root: read-only with its reason, all that was acknowledged kept', async () => {
  using folder = temporaryFolder()
  const script = `
    process.on('SIGXFSZ', () => {})
    const { openStore } = await import(process.argv[1]); const platform = await import(process.argv[2])
    const store = await openStore({ directory: process.argv[3], schemas: JSON.parse(process.argv[4]),
      runtime: platform.builtRuntime(${JSON.stringify(builtPrograms)}, process.execPath), clock: platform.systemClock(), logger: platform.silentLogger })
    let kept = 0, code = ''
    const sql = 'INSERT INTO notes (text) VALUES (?)'
    while (!code && kept < 1000) {
      await store.control.write([{ sql, values: ['x'.repeat(5000)] }], 'job').then(() => kept++, (error) => { code = error.problem.code }) }
    const { state, note } = store.statistics()
    console.log(JSON.stringify({ kept, code, readable: store.control.all({ sql: 'SELECT seq FROM notes' }).length, state, note }))
    await store[Symbol.asyncDispose]()`
  const modules = ['./index.ts', '../platform/index.ts'].map((path) => new URL(path, import.meta.url).href)
  const schemas = JSON.stringify({ control: [notes], messages: [notes] })
  const node = [process.execPath, '--input-type=module', '-e', script, ...modules, folder.path, schemas]
  // The system refuses what would make a file larger than 400 blocks of 512 bytes.
  const child = spawn('sh', ['-c', 'ulimit -f 400; exec "$0" "$@"', ...node], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(child.stdout), 'line')
  const told = JSON.parse(line)
  if (child.exitCode === null) await once(child, 'close')
  expect(child.exitCode).toBe(0)
  expect(told).toMatchObject({ code: 'store-read-only', state: 'read-only', readable: told.kept })
  expect(told.note).toContain('control database')
  expect(told.kept).toBeGreaterThan(3)
  await using store = await openStore(optionsFor(folder.path))
  expect(store.control.all(texts)).toHaveLength(told.kept)
  await store.control.write(add('room again'), 'job')
})
