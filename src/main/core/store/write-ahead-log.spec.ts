import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { readLog } from './write-ahead-log.ts'

const frame = (index: number) => 32 + index * (24 + 4096)

/** A log with a transaction of one page for each of ten rows, as a killed program leaves it. */
function logOfTenCommits(): Buffer {
  using folder = temporaryFolder()
  const path = join(folder.path, 'live.db')
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.exec('CREATE TABLE t (text TEXT)')
  database.pragma('wal_checkpoint(TRUNCATE)')
  for (let n = 0; n < 10; n++) database.prepare('INSERT INTO t VALUES (?)').run(`row ${n}`)
  copyFileSync(`${path}-wal`, join(folder.path, 'log'))
  database.close()
  return readFileSync(join(folder.path, 'log'))
}

function read(log: Buffer) {
  return readLog(log.length, (position, length) => log.subarray(position, position + length))
}

function flipped(at: number): Buffer {
  const log = logOfTenCommits()
  log.writeUInt8(log.readUInt8(at) ^ 0x40, at)
  return log
}

test('a log that a kill left, an empty one, and one cut off within a page are whole', () => {
  const log = logOfTenCommits()
  expect(read(log)).toEqual({ state: 'whole' })
  expect(read(log.subarray(0, 0))).toEqual({ state: 'none' })
  expect(read(log.subarray(0, frame(7) + 1_000))).toEqual({ state: 'whole' })
  expect(read(Buffer.alloc(log.length))).toEqual({ state: 'none' })
})

test('a flipped bit in a page hides the transactions behind it, which are counted', () => {
  expect(read(flipped(frame(4) + 24 + 2_000))).toEqual({
    state: 'damaged',
    where: 'frame',
    good: 4,
    after: 5,
    commitsAfter: 5,
  })
})

test('a flipped bit in the header hides the whole log', () => {
  expect(read(flipped(9))).toEqual({ state: 'damaged', where: 'header', good: 0, after: 10, commitsAfter: 10 })
  expect(read(Buffer.from('coffee was spilled here'))).toMatchObject({ state: 'damaged', where: 'header', after: 0 })
})

test('a flipped bit in the last transaction is told as one at the end', () => {
  expect(read(flipped(frame(9) + 24 + 2_000))).toMatchObject({ state: 'damaged', where: 'end', good: 9 })
})

test('what is left of an earlier round of the log is no damage', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'live.db')
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.exec('CREATE TABLE t (text TEXT)')
  for (let n = 0; n < 10; n++) database.prepare('INSERT INTO t VALUES (?)').run(`row ${n}`)
  database.pragma('wal_checkpoint(RESTART)')
  database.prepare('INSERT INTO t VALUES (?)').run('a new round')
  copyFileSync(`${path}-wal`, join(folder.path, 'log'))
  database.close()
  expect(read(readFileSync(join(folder.path, 'log')))).toEqual({ state: 'whole' })
})
