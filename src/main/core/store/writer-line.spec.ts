import { once } from 'node:events'
import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BroadcastChannel } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { type ProgramName, type Runtime, silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { type DatabaseName, openStore, type Schema, type Store, type StoreOptions } from './index.ts'

const notes: Schema = {
  owner: 'notes',
  migrations: [
    { version: 1, what: 'notes', sql: 'CREATE TABLE notes (seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)' },
  ],
}
const add = (text: string) => [{ sql: 'INSERT INTO notes (text) VALUES (?)', values: [text] }]
const texts = { sql: 'SELECT text FROM notes ORDER BY seq' }

function optionsFor(directory: string, runtime: Runtime, clock: ManualClock): StoreOptions {
  return { directory, schemas: { control: [notes], messages: [notes] }, runtime, clock, logger: silentLogger }
}

/** A runtime whose writer threads, or that of one database, die when they are told to, as of a defect. */
function mortal(
  folder: string,
  of: readonly DatabaseName[] = ['control', 'messages'],
): Runtime & Disposable & { kill(): void } {
  const real = testRuntime()
  const name = `mortal-writer ${folder}`
  const program = join(folder, 'mortal-writer.mjs')
  writeFileSync(
    program,
    `import { BroadcastChannel, workerData } from 'node:worker_threads'
    const channel = new BroadcastChannel(${JSON.stringify(name)})
    channel.onmessage = () => {
      if (${JSON.stringify(of)}.includes(workerData.database)) throw new Error('out of memory')
    }
    channel.unref()
    await import(${JSON.stringify(real.program('store-writer'))})`,
  )
  const channel = new BroadcastChannel(name)
  return {
    node: real.node,
    program: (wanted: ProgramName) => (wanted === 'store-writer' ? program : real.program(wanted)),
    kill: () => channel.postMessage('die'),
    [Symbol.dispose]: () => channel.close(),
  }
}

async function untilAway(store: Store): Promise<void> {
  const { databases } = store.statistics()
  const isAway = (name: keyof typeof databases) => store.statistics().databases[name].state === 'recovering'
  await until('the deaths to be seen', () => isAway('control') && isAway('messages'))
}

test('a dead writer thread is started again: what was handed over is unknown, the rest is written, ports are given anew', async () => {
  using folder = temporaryFolder()
  using runtime = mortal(folder.path)
  const clock = new ManualClock()
  await using store = await openStore(optionsFor(join(folder.path, 'site'), runtime, clock))
  await store.control.write(add('before'), 'job')
  const closed = once(store.directPort(), 'close')
  runtime.kill()
  await untilAway(store)
  await closed
  expect(() => store.directPort()).toThrowError(/started again/)
  expect(store.control.all(texts)).toEqual([{ text: 'before' }])
  const waiting = store.control.write(add('while it was away'), 'event')
  await clock.advance(100)
  await waiting
  // The other database's thread comes back in its own time.
  await until('both threads to write again', () => store.statistics().state === 'open')
  expect(store.statistics()).toMatchObject({ state: 'open', note: null, queue: { depth: 0 } })
  expect(store.control.all(texts)).toEqual([{ text: 'before' }, { text: 'while it was away' }])
  store.directPort().close()
})

test('when the writer thread of the messages dies, what an operator does is recorded all the same', async () => {
  using folder = temporaryFolder()
  using runtime = mortal(folder.path, ['messages'])
  const clock = new ManualClock()
  await using store = await openStore(optionsFor(join(folder.path, 'site'), runtime, clock))
  const port = store.directPort()
  const closed = once(port, 'close')
  runtime.kill()
  await closed
  await until('its death is seen', () => store.statistics().databases.messages.state === 'recovering')
  expect(store.statistics().databases.control.state).toBe('open')
  await store.control.write(add('meanwhile'), 'event')
  expect(store.control.all(texts)).toEqual([{ text: 'meanwhile' }])
  const waiting = store.messages.write(add('later'), 'journal')
  await clock.advance(100)
  await waiting
  expect(store.messages.all(texts)).toEqual([{ text: 'later' }])
})

test('a long write of messages holds up nothing that an operator does', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path, testRuntime(), new ManualClock()))
  const done: string[] = []
  const long = `INSERT INTO notes (text) SELECT count(*) FROM
    (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000) SELECT i FROM n)`
  const port = store.directPort()
  const replied = once(port, 'message').then(() => done.push('messages'))
  port.postMessage({ id: 1, recordClass: 'journal', statements: [{ sql: long }] })
  for (let action = 1; action <= 3; action++) {
    await store.control.write(add(`action ${action}`), 'job')
    done.push(`action ${action}`)
  }
  await replied
  expect(done).toEqual(['action 1', 'action 2', 'action 3', 'messages'])
})

test('a writer thread started on a disk that cannot be used refuses what is written, and goes on by itself once it can', async () => {
  using folder = temporaryFolder()
  using runtime = mortal(folder.path)
  const clock = new ManualClock()
  await using store = await openStore(optionsFor(join(folder.path, 'site'), runtime, clock))
  await store.control.write(add('before'), 'job')
  const file = join(folder.path, 'site', 'control.db')
  runtime.kill()
  await untilAway(store)
  renameSync(file, `${file}.away`)
  mkdirSync(file)
  await clock.advance(100)
  await until('the next one could not open it', () => store.statistics().state === 'read-only')
  await expect(store.control.write(add('refused'), 'job')).rejects.toMatchObject({
    problem: { code: 'store-read-only', retryable: true },
  })
  rmdirSync(file)
  renameSync(`${file}.away`, file)
  await until('a probe opened it', async () => {
    await clock.advance(1_000)
    return store.statistics().state === 'open'
  })
  await store.control.write(add('after'), 'job')
  expect(store.control.all(texts)).toEqual([{ text: 'before' }, { text: 'after' }])
})

test('a writer thread that dies again and again is given up, which is said to whoever writes; the other database goes on', async () => {
  using folder = temporaryFolder()
  const program = join(folder.path, 'dying-writer.mjs')
  writeFileSync(
    program,
    `import { parentPort, workerData } from 'node:worker_threads'
    parentPort.on('message', () => { throw new Error('out of memory') })
    const { database } = workerData
    parentPort.postMessage({ type: 'started', opening: { database, failure: null, readOnly: null, round: null } })`,
  )
  const real = testRuntime()
  await (await openStore(optionsFor(join(folder.path, 'site'), real, new ManualClock())))[Symbol.asyncDispose]()
  const runtime: Runtime = {
    node: real.node,
    program: (name) => (name === 'store-writer' ? program : real.program(name)),
  }
  const clock = new ManualClock()
  await using store = await openStore(optionsFor(join(folder.path, 'site'), runtime, clock))
  for (let death = 1; death <= 5; death++) {
    await expect(store.control.write(add('a'), 'job')).rejects.toMatchObject({
      problem: { code: 'store-interrupted', retryable: true },
    })
    await clock.advance(5_000)
    if (death < 5) await until('the next one', () => store.statistics().state === 'open')
  }
  expect(store.statistics()).toMatchObject({ state: 'failed', note: expect.stringContaining('out of memory') })
  await expect(store.control.write(add('b'), 'job')).rejects.toMatchObject({ problem: { code: 'store-failed' } })
  expect(store.statistics().databases.messages.state).toBe('open')
  await store.settled()
})
