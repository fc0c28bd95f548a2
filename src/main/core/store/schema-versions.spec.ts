import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { appliedVersions, continueSequences, migrate, pendingMigrations } from './schema-versions.ts'
import type { Schema } from './types.ts'

const one = { version: 1, what: 'a table', sql: 'CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT)' }
const two = { version: 2, what: 'another', sql: 'CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT)' }
const schema: Schema = { owner: 'events', migrations: [one, two] }

test('only the steps that a database lacks are pending, in order, per owner', () => {
  const other: Schema = { owner: 'jobs', migrations: [one] }
  const pending = pendingMigrations('control', { events: 1 }, [schema, other])
  expect(pending.map(({ owner, version }) => `${owner} ${version}`)).toEqual(['events 2', 'jobs 1'])
})

test('a database with a step from the future is refused in a sentence that says what to do', () => {
  expect(() => pendingMigrations('control', { events: 3 }, [schema])).toThrow(
    "The site's control database was written by a newer Wheelhouse: its events tables have version 3, and this one knows 2.",
  )
})

test('tables of an owner that this console does not know are left alone', () => {
  expect(pendingMigrations('control', { events: 2, deploy: 4 }, [schema])).toEqual([])
})

test('wrongly numbered steps and two schemas of one owner are faults of the console', () => {
  expect(() => pendingMigrations('control', {}, [{ owner: 'events', migrations: [two] }])).toThrow('should be number 1')
  expect(() => pendingMigrations('control', {}, [schema, schema])).toThrow('belong to events')
})

test('a step that fails takes all of them back', () => {
  const database = new Database(':memory:')
  migrate(database, pendingMigrations('control', {}, [{ owner: 'events', migrations: [one] }]), 0)
  const broken: Schema = {
    owner: 'events',
    migrations: [one, two, { version: 3, what: 'broken', sql: 'CREATE TABLE' }],
  }
  expect(() => migrate(database, pendingMigrations('control', { events: 1 }, [broken]), 0)).toThrow()
  expect(appliedVersions('control', database)).toEqual({ events: 1 })
  expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'b'").get()).toBeUndefined()
})

test('after a replacement no sequence is given again, whether its table has rows or not', () => {
  const database = new Database(':memory:')
  migrate(database, pendingMigrations('control', {}, [schema]), 0)
  database.exec('INSERT INTO a DEFAULT VALUES')
  continueSequences(database, 5000)
  expect(database.prepare('INSERT INTO a DEFAULT VALUES').run().lastInsertRowid).toBe(5001)
  expect(database.prepare('INSERT INTO b DEFAULT VALUES').run().lastInsertRowid).toBe(5001)
  continueSequences(database, 4000)
  expect(database.prepare('INSERT INTO a DEFAULT VALUES').run().lastInsertRowid).toBe(5002)
})
