import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { journalledSince } from './journal-since.ts'

/** A journal with these times in order; `gone`: rows that were deleted from its beginning. */
function journalOf(times: readonly number[], gone = 0) {
  const database = new Database(':memory:')
  database.exec('CREATE TABLE journal (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL)')
  const insert = database.prepare('INSERT INTO journal (at) VALUES (?)')
  for (const at of times) insert.run(at)
  database.prepare('DELETE FROM journal WHERE seq <= ?').run(gone)
  let asked = 0
  return {
    since: (at: number) =>
      journalledSince(
        {
          get: <T>({ sql, values = [] }: { sql: string; values?: readonly unknown[] }) => {
            asked++
            return database.prepare<unknown[], T>(sql).get(...values)
          },
        } as Parameters<typeof journalledSince>[0],
        at,
      ),
    get asked() {
      return asked
    },
  }
}

const times = Array.from({ length: 1_000 }, (_, at) => (at + 1) * 10)

test('messages that came after a moment are counted, those of the moment itself not', () => {
  const journal = journalOf(times)
  expect(journal.since(0)).toBe(1_000)
  expect(journal.since(5_000)).toBe(500)
  expect(journal.since(5_001)).toBe(500)
  expect(journal.since(4_999)).toBe(501)
  expect(journal.since(10_000)).toBe(0)
})

test('by halving, so that a long journal costs a few looks', () => {
  const journal = journalOf(times)
  journal.since(3_333)
  expect(journal.asked).toBeLessThan(15)
})

test('an empty journal, and one whose beginning was deleted', () => {
  expect(journalOf([]).since(0)).toBe(0)
  expect(journalOf(times, 400).since(5_000)).toBe(500)
  expect(journalOf(times, 400).since(0)).toBe(600)
  expect(journalOf(times, 1_000).since(0)).toBe(0)
})
