import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { openStore, type Schema, type StoreOptions } from './index.ts'

const numbers: Schema = {
  owner: 'numbers',
  migrations: [{ version: 1, what: 'numbers', sql: 'CREATE TABLE numbers (n INTEGER PRIMARY KEY)' }],
}

function optionsFor(directory: string, more: Partial<StoreOptions> = {}): StoreOptions {
  return {
    directory,
    schemas: { control: [numbers], messages: [numbers] },
    runtime: testRuntime(),
    clock: systemClock(),
    logger: silentLogger,
    ...more,
  }
}

/** Rows without end: only giving up between rows ends it. */
const endless = {
  sql: 'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r WHERE n % 1000 = 0',
}

test('a query in the reader thread sees what was committed before it, and gives all rows of their types', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path))
  await store.control.write([{ sql: 'INSERT INTO numbers VALUES (1), (2), (3)' }], 'job')
  const rows = await store.control.query<{ n: number; text: string }>({
    sql: "SELECT n, 'x' || n AS text FROM numbers WHERE n > :from",
    values: { from: 1 },
  })
  expect(rows).toEqual([
    { n: 2, text: 'x2' },
    { n: 3, text: 'x3' },
  ])
})

test('a query gives up after its limit, and the next one is answered', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path))
  const slow = store.control.query(endless, { atMostMs: 20 })
  const next = store.control.query({ sql: 'SELECT 1 AS one' })
  await expect(slow).rejects.toMatchObject({ problem: { code: 'store-query-slow', retryable: true } })
  expect(await next).toEqual([{ one: 1 }])
})

test('a query that was called off ends at the next row, and one that waited is never run', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path))
  const stop = new AbortController()
  const running = store.control.query(endless, { atMostMs: 60_000, signal: stop.signal })
  const waiting = store.messages.query(endless, { atMostMs: 60_000, signal: stop.signal })
  const next = store.messages.query({ sql: 'SELECT 2 AS two' })
  stop.abort(new Error('the page was left'))
  await expect(running).rejects.toThrow('the page was left')
  await expect(waiting).rejects.toThrow('the page was left')
  expect(await next).toEqual([{ two: 2 }])
  await expect(store.control.query(endless, { signal: stop.signal })).rejects.toThrow('the page was left')
})

test('a query too many is refused with a sentence', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path))
  const stop = new AbortController()
  const running = [store.control.query(endless, { atMostMs: 60_000, signal: stop.signal })]
  for (let n = 0; n < 100; n++) running.push(store.control.query({ sql: 'SELECT 1' }, { signal: stop.signal }))
  await expect(store.control.query({ sql: 'SELECT 1' })).rejects.toMatchObject({
    problem: { code: 'store-query-busy', retryable: true },
  })
  stop.abort(new Error('enough'))
  for (const query of running) await expect(query).rejects.toThrow('enough')
  expect(await store.control.query({ sql: 'SELECT 1 AS one' })).toEqual([{ one: 1 }])
})

test('a query cannot change anything, and a wrong one is refused with the reason', async () => {
  using folder = temporaryFolder()
  await using store = await openStore(optionsFor(folder.path))
  await expect(store.control.query({ sql: 'INSERT INTO numbers VALUES (9) RETURNING n' })).rejects.toMatchObject({
    problem: { message: expect.stringContaining('readonly') },
  })
  await expect(store.control.query({ sql: 'SELECT * FROM nowhere' })).rejects.toMatchObject({
    problem: { code: 'store-refused', message: expect.stringContaining('no such table: nowhere') },
  })
})

test('a reader thread that dies fails its query as retryable, and the next query starts another', async () => {
  using folder = temporaryFolder()
  const program = join(folder.path, 'dying-reader.mjs')
  writeFileSync(
    program,
    `import { writeFileSync, existsSync } from 'node:fs'
    import { parentPort } from 'node:worker_threads'
    if (existsSync(${JSON.stringify(join(folder.path, 'died'))})) await import(${JSON.stringify(testRuntime().program('store-reader'))})
    else parentPort.on('message', () => {
      writeFileSync(${JSON.stringify(join(folder.path, 'died'))}, '')
      throw new Error('out of memory') })`,
  )
  const real = testRuntime()
  const runtime = {
    ...real,
    program: (name: Parameters<typeof real.program>[0]) => (name === 'store-reader' ? program : real.program(name)),
  }
  await using store = await openStore(optionsFor(join(folder.path, 'site'), { runtime }))
  await expect(store.control.query({ sql: 'SELECT 1 AS one' })).rejects.toMatchObject({
    problem: { code: 'store-interrupted', retryable: true, message: expect.stringContaining('out of memory') },
  })
  expect(existsSync(join(folder.path, 'died'))).toBe(true)
  expect(await store.control.query({ sql: 'SELECT 1 AS one' })).toEqual([{ one: 1 }])
})

test('closing calls off what runs, and the logs go with the last connection', async () => {
  using folder = temporaryFolder()
  const store = await openStore(optionsFor(folder.path))
  const running = store.control.query(endless, { atMostMs: 60_000 })
  const refused = expect(running).rejects.toMatchObject({ problem: { code: 'store-closed' } })
  await store[Symbol.asyncDispose]()
  await refused
  expect(readdirSync(folder.path).sort()).toEqual(['control.db', 'messages.db', 'store.json'])
  await expect(store.control.query({ sql: 'SELECT 1' })).rejects.toMatchObject({ problem: { code: 'store-closed' } })
})
