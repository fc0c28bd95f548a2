import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { LogRound, lastRound } from './log-round.ts'

/** A database whose log is carried over after ten pages, as it is after 4,000 in the console. */
function logging(path: string) {
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.exec('CREATE TABLE store_marks (name TEXT PRIMARY KEY, value TEXT NOT NULL); CREATE TABLE t (text TEXT)')
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.pragma('wal_autocheckpoint = 10')
  onTestFinished(() => void database.close())
  const write = () => database.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(3_000))
  return { database, write }
}

/** The round that a database knows of when only its file is left. */
function withoutLog(path: string, folder: string): number {
  const left = join(folder, 'left.db')
  copyFileSync(path, left)
  const database = new Database(left)
  try {
    return lastRound(database)
  } finally {
    database.close()
  }
}

test('whenever its log is lost, what is left of a database knows a lower round than was begun last', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'live.db')
  const { database, write } = logging(path)
  const round = new LogRound(database, 6)
  let known = round.begin()
  expect(known).toBe(7)
  const begun = [known]
  for (let n = 0; n < 60; n++) {
    write()
    const next = round.look()
    if (next !== null) begun.push(next)
    known = next ?? known
    expect(withoutLog(path, folder.path)).toBeLessThan(known)
    expect(lastRound(database)).toBe(known)
  }
  expect(begun.length).toBeGreaterThan(5)
  expect(begun.length).toBeLessThan(40)
  expect(begun).toEqual(begun.map((_, index) => 7 + index))
})

test('a log that another connection carries over begins a new round too', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'live.db')
  const { database, write } = logging(path)
  const round = new LogRound(database, 0)
  round.begin()
  write()
  const other = new Database(path)
  other.pragma('wal_checkpoint(PASSIVE)')
  other.close()
  expect(withoutLog(path, folder.path)).toBe(1)
  expect(round.look()).toBe(2)
  write()
  expect(withoutLog(path, folder.path)).toBe(1)
})

test('a disk that takes nothing at first: the round begins with the first group that it takes', () => {
  using folder = temporaryFolder()
  const { database, write } = logging(join(folder.path, 'live.db'))
  const round = new LogRound(database, 0)
  database.pragma('query_only = ON')
  expect(() => round.begin()).toThrowError(/readonly/)
  expect(round.look()).toBeNull()
  database.pragma('query_only = OFF')
  write()
  expect(round.look()).toBe(1)
})
