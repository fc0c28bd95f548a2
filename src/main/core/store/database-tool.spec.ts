import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { checkDatabase, copyDatabase } from './index.ts'

const runtime = testRuntime()

function databaseWithRows(path: string, rows: number, mode = 'wal'): void {
  const database = new Database(path)
  database.pragma(`journal_mode = ${mode}`)
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)')
  const insert = database.prepare('INSERT INTO t (text) VALUES (?)')
  database.transaction(() => {
    for (let row = 0; row < rows; row++) insert.run(`row ${row} ${'x'.repeat(200)}`)
  })()
  database.close()
}

function rowsOf(path: string): number {
  const database = new Database(path, { readonly: true })
  try {
    return database.prepare<[], number>('SELECT count(*) FROM t').pluck().get() ?? -1
  } finally {
    database.close()
  }
}

/** A foreign program that commits to a database without a pause until it is killed. */
async function foreignWriter(path: string): Promise<ChildProcess> {
  const script = `
    const Database = require('better-sqlite3'); const database = new Database(process.argv[1])
    const insert = database.prepare('INSERT INTO t (text) VALUES (?)')
    for (let n = 0; ; n++) { insert.run('foreign ' + n); if (n === 20) require('fs').writeSync(1, 'busy') }`
  const child = spawn(process.execPath, ['-e', script, path], {
    cwd: process.cwd(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}

test.each(['wal', 'delete'])(
  'a copy of a database in %s mode holds every row and leaves nothing beside either',
  async (mode) => {
    using folder = temporaryFolder()
    const from = join(folder.path, 'live.db')
    const to = join(folder.path, 'copy.db')
    databaseWithRows(from, 500, mode)
    const { pages, bytes } = await copyDatabase(runtime, { from, to })
    expect(pages).toBeGreaterThan(20)
    expect(bytes).toBe(pages * 4096)
    expect(readdirSync(folder.path).sort()).toEqual(['copy.db', 'live.db'])
    expect(statSync(to).mode & 0o777).toBe(0o600)
    expect(rowsOf(to)).toBe(500)
  },
)

test('pages that did not change are the same bytes in two copies, so that they deduplicate', async () => {
  using folder = temporaryFolder()
  const from = join(folder.path, 'live.db')
  databaseWithRows(from, 2000)
  await copyDatabase(runtime, { from, to: join(folder.path, 'first.db') })
  const database = new Database(from)
  database.exec("UPDATE t SET text = 'changed' WHERE id = 1000")
  database.close()
  await copyDatabase(runtime, { from, to: join(folder.path, 'second.db') })
  const [first, second] = ['first.db', 'second.db'].map((name) => readFileSync(join(folder.path, name)))
  let different = 0
  for (let at = 0; first && second && at < second.length; at += 4096) {
    if (!second.subarray(at, at + 4096).equals(first.subarray(at, at + 4096))) different++
  }
  expect(different).toBeLessThanOrEqual(3)
})

test('a database that a foreign program writes without a pause is copied whole, and its write-ahead log stays', async () => {
  using folder = temporaryFolder()
  const from = join(folder.path, 'live.db')
  databaseWithRows(from, 5000)
  await foreignWriter(from)
  const to = join(folder.path, 'copy.db')
  await copyDatabase(runtime, { from, to })
  expect(rowsOf(to)).toBeGreaterThan(5000)
  expect(existsSync(`${from}-wal`)).toBe(true)
})

test('what a killed program had committed to its write-ahead log is in the copy', async () => {
  using folder = temporaryFolder()
  const from = join(folder.path, 'live.db')
  databaseWithRows(from, 10)
  const writer = await foreignWriter(from)
  writer.kill('SIGKILL')
  await until('the writer is gone', () => writer.signalCode !== null)
  const to = join(folder.path, 'copy.db')
  await copyDatabase(runtime, { from, to })
  const copied = rowsOf(to)
  expect(copied).toBeGreaterThanOrEqual(30)
  expect(rowsOf(from)).toBe(copied)
})

test('a missing, an empty and a damaged database are refused with their reason, and no copy is left', async () => {
  using folder = temporaryFolder()
  const to = join(folder.path, 'copy.db')
  const copyOf = (from: string) => copyDatabase(runtime, { from: join(folder.path, from), to })
  await expect(copyOf('none.db')).rejects.toMatchObject({ problem: { code: 'database-missing' } })
  writeFileSync(join(folder.path, 'empty.db'), '')
  await expect(copyOf('empty.db')).rejects.toMatchObject({ problem: { params: { reason: 'database-empty' } } })
  writeFileSync(join(folder.path, 'rubbish.db'), 'this is not a database, '.repeat(300))
  await expect(copyOf('rubbish.db')).rejects.toMatchObject({ problem: { code: 'database-damaged' } })
  damage(join(folder.path, 'torn.db'))
  await expect(copyOf('torn.db')).rejects.toMatchObject({ problem: { code: 'database-damaged' } })
  expect(existsSync(to)).toBe(false)
})

test('a file that is there already is never overwritten by a copy', async () => {
  using folder = temporaryFolder()
  const from = join(folder.path, 'live.db')
  const to = join(folder.path, 'precious')
  databaseWithRows(from, 1)
  writeFileSync(to, 'precious')
  await expect(copyDatabase(runtime, { from, to })).rejects.toMatchObject({ problem: { code: 'database-copy-failed' } })
  expect(readFileSync(to, 'utf8')).toBe('precious')
})

test('a check tells a good database from a damaged one in words, and leaves the folder as it was', async () => {
  using folder = temporaryFolder()
  databaseWithRows(join(folder.path, 'good.db'), 50)
  damage(join(folder.path, 'torn.db'))
  writeFileSync(join(folder.path, 'rubbish.db'), 'this is not a database, '.repeat(300))
  const before = readdirSync(folder.path)
  expect(await checkDatabase(runtime, join(folder.path, 'good.db'))).toMatchObject({ ok: true, problems: [] })
  expect(await checkDatabase(runtime, join(folder.path, 'torn.db'))).toMatchObject({ ok: false })
  const rubbish = await checkDatabase(runtime, join(folder.path, 'rubbish.db'))
  expect(rubbish).toMatchObject({ ok: false, problems: ['file is not a database'] })
  expect(readdirSync(folder.path)).toEqual(before)
})

test('a helper that takes too long is killed and leaves no copy', async () => {
  using folder = temporaryFolder()
  const from = join(folder.path, 'live.db')
  const to = join(folder.path, 'copy.db')
  databaseWithRows(from, 10, 'delete')
  using _locked = heldExclusively(from)
  await expect(copyDatabase(runtime, { from, to, timeoutMs: 1500 })).rejects.toMatchObject({
    problem: { code: 'database-timeout', retryable: true },
  })
  expect(existsSync(to)).toBe(false)
})

test('a copy that is called off ends at once with the reason given', async () => {
  using folder = temporaryFolder()
  const from = join(folder.path, 'live.db')
  const to = join(folder.path, 'copy.db')
  databaseWithRows(from, 10, 'delete')
  using _locked = heldExclusively(from)
  const abort = new AbortController()
  const copying = copyDatabase(runtime, { from, to, signal: abort.signal })
  const outcome = expect(copying).rejects.toThrow('The operator changed their mind.')
  await until('the helper has begun', () => existsSync(to))
  abort.abort(new Error('The operator changed their mind.'))
  await outcome
  expect(existsSync(to)).toBe(false)
})

function heldExclusively(path: string): Disposable {
  const database = new Database(path)
  database.exec('BEGIN EXCLUSIVE')
  return { [Symbol.dispose]: () => void database.close() }
}

/** A database whose header is right and whose other pages are not. */
function damage(path: string): void {
  databaseWithRows(path, 500, 'delete')
  const bytes = readFileSync(path)
  bytes.fill(0xa5, 4096 * 2, 4096 * 12)
  writeFileSync(path, bytes)
}
