import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { GroupWriter, type Unit, type UnitOutcome } from './group-writer.ts'
import { failureKind } from './sqlite-failure.ts'

function writerIn(folder: string) {
  const database = new Database(join(folder, 'test.db'), { timeout: 50 })
  database.pragma('journal_mode = WAL')
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)')
  const writer = new GroupWriter(database)
  const texts = () => database.prepare<[], string>('SELECT text FROM t ORDER BY id').pluck().all()
  return { database, writer, texts, [Symbol.dispose]: () => void database.close() }
}

const insert = (...texts: string[]): Unit => ({
  durability: 'relaxed',
  statements: texts.map((text) => ({ sql: 'INSERT INTO t (text) VALUES (?)', values: [text] })),
})
const kindOf = (outcome: UnitOutcome | undefined) =>
  outcome && 'failed' in outcome ? failureKind(outcome.failed) : 'committed'

test('a unit that fails takes all of itself back and nothing of its neighbours', () => {
  using folder = temporaryFolder()
  using test = writerIn(folder.path)
  const outcomes = test.writer.commit([insert('a'), insert('b', 'c', 'a'), insert('d')])
  expect(outcomes.map(kindOf)).toEqual(['committed', 'refused', 'committed'])
  expect(test.texts()).toEqual(['a', 'd'])
})

test('a unit gives back what each statement did, with the rows of RETURNING', () => {
  using folder = temporaryFolder()
  using test = writerIn(folder.path)
  const [outcome] = test.writer.commit([
    {
      durability: 'durable',
      statements: [
        { sql: 'INSERT INTO t (text) VALUES (:text)', values: { text: 'a' } },
        { sql: 'INSERT INTO t (text) VALUES (?) RETURNING id, text', values: ['b'] },
        { sql: 'UPDATE t SET text = text || text' },
      ],
    },
  ])
  expect(outcome).toEqual({
    results: [
      { changes: 1, lastInsertRowid: 1, rows: [] },
      { changes: 1, lastInsertRowid: 2, rows: [{ id: 2, text: 'b' }] },
      { changes: 2, lastInsertRowid: 2, rows: [] },
    ],
  })
})

test('a full disk fails what does not fit as read-only, keeps what fits, and writing goes on once there is room', () => {
  using folder = temporaryFolder()
  using test = writerIn(folder.path)
  const { page_count: pages } = test.database.prepare<[], { page_count: number }>('PRAGMA page_count').get() ?? {}
  test.database.pragma(`max_page_count = ${(pages ?? 0) + 2}`)
  const outcomes = test.writer.commit([insert('small'), insert('x'.repeat(100_000)), insert('small too')])
  expect(outcomes.map(kindOf)).toEqual(['committed', 'read-only', 'committed'])
  expect(test.texts()).toEqual(['small', 'small too'])
  test.database.pragma('max_page_count = 1000000')
  expect(test.writer.commit([insert('x'.repeat(100_000))]).map(kindOf)).toEqual(['committed'])
})

test('a unit that meets damage fails its whole group: nothing is acknowledged in a file that is about to be replaced', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'test.db')
  {
    using test = writerIn(folder.path)
    test.database.exec('CREATE TABLE bad (text TEXT)')
    const { rootpage } =
      test.database.prepare<[], { rootpage: number }>("SELECT rootpage FROM sqlite_schema WHERE name = 'bad'").get() ??
      {}
    test.database.pragma('wal_checkpoint(TRUNCATE)')
    test.database.close()
    const bytes = readFileSync(path)
    bytes.fill(0xa5, 4_096 * ((rootpage ?? 0) - 1), 4_096 * (rootpage ?? 0))
    writeFileSync(path, bytes)
  }
  const database = new Database(path)
  const bad: Unit = { durability: 'relaxed', statements: [{ sql: "INSERT INTO bad VALUES ('x')" }] }
  expect(new GroupWriter(database).commit([insert('a'), bad, insert('b')]).map(kindOf)).toEqual([
    'damaged',
    'damaged',
    'damaged',
  ])
  expect(database.prepare('SELECT count(*) FROM t').pluck().get()).toBe(0)
  database.close()
})

test('a statement that would end the transaction of all is refused', () => {
  using folder = temporaryFolder()
  using test = writerIn(folder.path)
  const rogue: Unit = { durability: 'relaxed', statements: [{ sql: ' commit' }] }
  expect(test.writer.commit([insert('a'), rogue, insert('b')]).map(kindOf)).toEqual([
    'committed',
    'refused',
    'committed',
  ])
  expect(test.texts()).toEqual(['a', 'b'])
})

test('a lock held by somebody else fails as busy and changes nothing', () => {
  using folder = temporaryFolder()
  using test = writerIn(folder.path)
  const other = new Database(join(folder.path, 'test.db'))
  other.exec('BEGIN IMMEDIATE')
  expect(test.writer.commit([insert('a'), insert('b')]).map(kindOf)).toEqual(['busy', 'busy'])
  other.close()
  expect(test.writer.commit([insert('a'), insert('b')]).map(kindOf)).toEqual(['committed', 'committed'])
})

test('a group is as durable as its most demanding unit, and says so to SQLite explicitly', () => {
  using folder = temporaryFolder()
  using test = writerIn(folder.path)
  const level = () => test.database.pragma('synchronous', { simple: true })
  test.writer.commit([insert('a')])
  expect(level()).toBe(1)
  test.writer.commit([insert('b'), { ...insert('c'), durability: 'durable' }])
  expect(level()).toBe(2)
  test.writer.commit([insert('d')])
  expect(level()).toBe(1)
})
