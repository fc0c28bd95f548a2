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
import { openStore, type Schema, type StoreOptions } from './index.ts'

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

/** A runtime whose writer threads die when they are told to, as of a defect. */
function mortal(folder: string): Runtime & Disposable & { kill(): void } {
  const real = testRuntime()
  const name = `mortal-writer ${folder}`
  const program = join(folder, 'mortal-writer.mjs')
  writeFileSync(
    program,
    `import { BroadcastChannel } from 'node:worker_threads'
    const channel = new BroadcastChannel(${JSON.stringify(name)})
    channel.onmessage = () => { throw new Error('out of memory') }
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

test('a dead writer thread is started again: what was handed over is unknown, the rest is written, ports are given anew', async () => {
  using folder = temporaryFolder()
  using runtime = mortal(folder.path)
  const clock = new ManualClock()
  await using store = await openStore(optionsFor(join(folder.path, 'site'), runtime, clock))
  await store.control.write(add('before'), 'job')
  const closed = once(store.directPort(), 'close')
  runtime.kill()
  await until('its death is seen', () => store.statistics().state === 'recovering')
  await closed
  expect(() => store.directPort()).toThrowError(/started again/)
  expect(store.control.all(texts)).toEqual([{ text: 'before' }])
  const waiting = store.control.write(add('while it was away'), 'event')
  await clock.advance(100)
  await waiting
  expect(store.statistics()).toMatchObject({ state: 'open', note: null, queue: { depth: 0 } })
  expect(store.control.all(texts)).toEqual([{ text: 'before' }, { text: 'while it was away' }])
  store.directPort().close()
})

test('a writer thread started on a disk that cannot be used refuses what is written, and goes on by itself once it can', async () => {
  using folder = temporaryFolder()
  using runtime = mortal(folder.path)
  const clock = new ManualClock()
  await using store = await openStore(optionsFor(join(folder.path, 'site'), runtime, clock))
  await store.control.write(add('before'), 'job')
  const file = join(folder.path, 'site', 'control.db')
  runtime.kill()
  await until('its death is seen', () => store.statistics().state === 'recovering')
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

test('a writer thread that dies again and again is given up, which is said to whoever writes', async () => {
  using folder = temporaryFolder()
  const program = join(folder.path, 'dying-writer.mjs')
  writeFileSync(
    program,
    `import { parentPort } from 'node:worker_threads'
    parentPort.on('message', () => { throw new Error('out of memory') })
    const opened = (database) => ({ database, failure: null, readOnly: null })
    parentPort.postMessage({ type: 'started', openings: [opened('control'), opened('messages')] })`,
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
  await expect(store.messages.write(add('b'), 'journal')).rejects.toMatchObject({ problem: { code: 'store-failed' } })
  await store.settled()
})
