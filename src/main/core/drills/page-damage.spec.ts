import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { askDamageTool } from './damage-tool.ts'

/** A database of many pages, closed. */
function makeDatabase(file: string): void {
  const database = new Database(file)
  database.exec('CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)')
  const insert = database.prepare('INSERT INTO note (text) VALUES (?)')
  database.transaction(() => {
    for (let n = 0; n < 2_000; n++) insert.run(`a note of the lab, number ${n}`)
  })()
  database.close()
}

const verdictOf = (file: string): string => {
  const database = new Database(file, { readonly: true })
  try {
    return String(database.pragma('integrity_check', { simple: true }))
  } catch (error) {
    return String(error)
  } finally {
    database.close()
  }
}

const ask = (type: 'damage' | 'undo', file: string, undo: string) =>
  askDamageTool(testRuntime(), systemClock(), { type, file, undo })

test('pages are damaged so that SQLite sees it, and get back exactly what they held; twice does no harm', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'app.db')
  const undo = join(folder.path, 'undo.json')
  makeDatabase(file)
  const before = readFileSync(file)
  const pages = await ask('damage', file, undo)
  expect(pages).toHaveLength(3)
  expect(pages).not.toContain(1)
  expect(verdictOf(file)).not.toBe('ok')
  expect(await ask('undo', file, undo)).toEqual(pages)
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(await ask('undo', file, undo)).toEqual([])
  expect(verdictOf(file)).toBe('ok')
})

test('a page that was written since, or that belongs to another file now, is left alone', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'app.db')
  const undo = join(folder.path, 'undo.json')
  makeDatabase(file)
  const good = readFileSync(file)
  const [first = 0, ...others] = await ask('damage', file, undo)
  const size = good.readUInt16BE(16)
  const since = readFileSync(file)
  since.write('somebody wrote here', (first - 1) * size)
  writeFileSync(file, since)
  expect(await ask('undo', file, undo)).toEqual(others)
  expect(
    readFileSync(file)
      .toString('latin1', (first - 1) * size)
      .startsWith('somebody wrote here'),
  ).toBe(true)
  // A recovery put a good file in its place.
  writeFileSync(file, good)
  expect(await ask('undo', file, undo)).toEqual([])
  expect(readFileSync(file).equals(good)).toBe(true)
})

test('what is no database, or has nothing that could be damaged, is not touched', async () => {
  using folder = temporaryFolder()
  const undo = join(folder.path, 'undo.json')
  const text = join(folder.path, 'text')
  writeFileSync(text, 'x'.repeat(10_000))
  await expect(ask('damage', text, undo)).rejects.toMatchObject({ problem: { code: 'drill-pages' } })
  expect(readFileSync(text, 'utf8')).toBe('x'.repeat(10_000))
  const small = join(folder.path, 'small.db')
  new Database(small).exec('CREATE VIEW v AS SELECT 1').close()
  await expect(ask('damage', small, undo)).rejects.toThrow('no page besides its first')
  expect(verdictOf(small)).toBe('ok')
})
