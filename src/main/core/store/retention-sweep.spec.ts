import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { type Logger, silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { machineOf } from '../../../../test/support/store-rig.ts'
import { until } from '../../../../test/support/until.ts'
import { openStore, type Retention, type Schema, type Store, type StoreOptions } from './index.ts'

const MiB = 1024 * 1024

function schemaWith(...retention: Retention[]): Schema {
  return {
    owner: 'notes',
    retention,
    migrations: [
      {
        version: 1,
        what: 'notes and their words',
        sql: `CREATE TABLE notes (seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);
              CREATE TABLE words (seq INTEGER PRIMARY KEY, word TEXT NOT NULL);
              CREATE TABLE precious (seq INTEGER PRIMARY KEY, text TEXT NOT NULL)`,
      },
    ],
  }
}

function optionsFor(directory: string, clock: ManualClock, messages: Schema, limit = 4096 * MiB): StoreOptions {
  const limits = { control: 1024 * MiB, messages: limit }
  return {
    directory,
    schemas: { control: [], messages: [messages] },
    limits,
    runtime: testRuntime(),
    clock,
    machine: machineOf(clock),
    logger: silentLogger,
  }
}

async function fill(store: Store, table: 'notes' | 'words' | 'precious', rows: number, bytes: number): Promise<void> {
  const column = table === 'words' ? 'word' : 'text'
  const sql = `INSERT INTO ${table} (${column}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
               SELECT hex(zeroblob(?)) FROM n`
  await store.messages.write([{ sql, values: [rows, bytes / 2] }], 'journal')
}

const count = (store: Store, table: string) =>
  store.messages.get<{ n: number }>({ sql: `SELECT count(*) AS n FROM ${table}` })?.n ?? 0

/** Looks until nothing changes any more. */
async function looked(clock: ManualClock, store: Store, done: () => boolean): Promise<void> {
  await until('retention has done its work', async () => {
    await clock.advance(5_000)
    await store.settled()
    return done()
  })
}

test('a table keeps its newest rows only, also where sequences have a gap; what belongs to them goes along; all is counted', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const alongside = ({
    sql,
    values,
  }: {
    sql: string
    values: readonly (string | number | bigint | null | Uint8Array)[]
  }) => [{ sql: `DELETE FROM words WHERE seq IN (${sql})`, values }]
  const schema = schemaWith({ table: 'notes', key: 'seq', mostRows: 1_000, alongside })
  await using store = await openStore(optionsFor(folder.path, clock, schema))
  await fill(store, 'notes', 2_200, 10)
  await fill(store, 'words', 2_200, 10)
  // As after a recovery: the sequence goes on far above.
  await store.messages.write([{ sql: "INSERT INTO notes (seq, text) VALUES (1700000000000, 'after')" }], 'journal')
  await looked(clock, store, () => count(store, 'notes') === 1_000)
  expect(store.messages.get({ sql: 'SELECT min(seq) AS low FROM notes' })).toEqual({ low: 1_202 })
  expect(count(store, 'words')).toBe(999)
  expect(store.statistics().deleted).toEqual({ notes: 1_201 })
})

test('rows that could not be deleted, as on a disk that fails for a moment, are deleted at a later look', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const schema = schemaWith({ table: 'notes', key: 'seq', mostRows: 10 })
  const warned: string[] = []
  const logger: Logger = { ...silentLogger, part: () => logger, warn: (line) => void warned.push(line) }
  await using store = await openStore({ ...optionsFor(folder.path, clock, schema), logger })
  const write = (sql: string) => store.messages.write([{ sql }], 'journal')
  await write(`CREATE TRIGGER stuck BEFORE DELETE ON notes WHEN EXISTS (SELECT 1 FROM precious)
               BEGIN SELECT RAISE(ABORT, 'not now'); END`)
  await fill(store, 'precious', 1, 10)
  await fill(store, 'notes', 50, 10)
  await looked(clock, store, () => warned.some((line) => line.includes('could not be deleted')))
  expect(count(store, 'notes')).toBe(50)
  await write('DELETE FROM precious')
  await looked(clock, store, () => count(store, 'notes') === 10)
  expect(store.statistics().deleted).toEqual({ notes: 40 })
})

test('rows that their module calls expired go, a little at a time, and no jump of the clock takes others', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const times: number[] = []
  const expired: Retention['expired'] = (_, seenMs, limit) => {
    times.push(seenMs)
    return [{ sql: 'SELECT seq FROM notes WHERE seq <= 1100 ORDER BY seq LIMIT ?', values: [limit] }]
  }
  await using store = await openStore(
    optionsFor(folder.path, clock, schemaWith({ table: 'notes', key: 'seq', expired })),
  )
  await fill(store, 'notes', 1_500, 10)
  clock.jumpWall(-86_400_000)
  await looked(clock, store, () => count(store, 'notes') === 400)
  expect(times[0]).toBe(5_000)
})

test('a database stays within its size for ever: tables give way in their order, precious ones never, and space is given back', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const limit = 20 * MiB
  const schema = schemaWith({ table: 'notes', key: 'seq', givesWay: 2 }, { table: 'words', key: 'seq', givesWay: 1 })
  await using store = await openStore(optionsFor(folder.path, clock, schema, limit))
  const path = join(folder.path, 'messages.db')
  await fill(store, 'precious', 1_000, 1_000)
  await fill(store, 'words', 2_000, 1_000)
  for (let round = 0; round < 4; round++) {
    await fill(store, 'notes', 10_000, 1_000)
    await looked(clock, store, () => count(store, 'notes') < 18_000)
  }
  expect(count(store, 'words')).toBe(0)
  expect(count(store, 'precious')).toBe(1_000)
  expect(count(store, 'notes')).toBeGreaterThan(5_000)
  const newest = store.messages.get<{ high: number }>({ sql: 'SELECT max(seq) AS high FROM notes' })
  expect(newest).toEqual({ high: 40_000 })
  await looked(clock, store, () => statSync(path).size < limit + 1_000 * 4096)
  expect(store.statistics().deleted.words).toBe(2_000)
})

test('a file that could not be made shorter at first, as somebody was reading, is made so at a later look', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  await using store = await openStore(
    optionsFor(folder.path, clock, schemaWith({ table: 'notes', key: 'seq', mostRows: 10 })),
  )
  const path = join(folder.path, 'messages.db')
  await fill(store, 'notes', 3_000, 4_000)
  const free = () => store.messages.get<{ n: number }>({ sql: 'SELECT freelist_count AS n FROM pragma_freelist_count' })
  {
    // What the reader may still look at must not be cut off.
    const reader = new Sqlite(path)
    reader.pragma('wal_checkpoint(PASSIVE)')
    reader.exec('BEGIN; SELECT count(*) FROM notes')
    await looked(clock, store, () => count(store, 'notes') === 10 && (free()?.n ?? 0) <= 1_000)
    for (let look = 0; look < 3; look++) {
      await clock.advance(5_000)
      await store.settled()
    }
    expect(statSync(path).size).toBeGreaterThan(6 * MiB)
    reader.close()
  }
  await looked(clock, store, () => statSync(path).size < 6 * MiB)
})

test('a file of an earlier console, which could not shrink, can after it was opened, with all that is in it', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  {
    await using store = await openStore(optionsFor(folder.path, clock, schemaWith()))
    await fill(store, 'notes', 2_000, 1_000)
  }
  cannotShrink(join(folder.path, 'messages.db'))
  await using store = await openStore(
    optionsFor(folder.path, clock, schemaWith({ table: 'notes', key: 'seq', mostRows: 10 })),
  )
  expect(store.messages.get({ sql: 'SELECT auto_vacuum FROM pragma_auto_vacuum' })).toEqual({ auto_vacuum: 2 })
  expect(count(store, 'notes')).toBe(2_000)
  const copies = await store.upkeep.copies.list('messages')
  expect(copies).toMatchObject([{ reason: 'before-risk' }])
  expect(await store.upkeep.copies.list('control')).toEqual([])
})

test('without a copy from before, such a file stays as it is, and the console runs', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  {
    await using store = await openStore(optionsFor(folder.path, clock, schemaWith()))
    await fill(store, 'notes', 10, 1_000)
  }
  cannotShrink(join(folder.path, 'messages.db'))
  // Where the copies should be there is a file.
  writeFileSync(join(folder.path, 'copies'), '')
  await using store = await openStore(optionsFor(folder.path, clock, schemaWith()))
  expect(store.messages.get({ sql: 'SELECT auto_vacuum FROM pragma_auto_vacuum' })).toEqual({ auto_vacuum: 0 })
  expect(store.statistics().state).toBe('open')
  expect(count(store, 'notes')).toBe(10)
})

/** As consoles made their files before they could shrink. */
function cannotShrink(path: string): void {
  const database = new Sqlite(path)
  database.pragma('journal_mode = DELETE')
  database.pragma('auto_vacuum = NONE')
  database.exec('VACUUM')
  database.pragma('journal_mode = WAL')
  expect(database.pragma('auto_vacuum', { simple: true })).toBe(0)
  database.close()
}
