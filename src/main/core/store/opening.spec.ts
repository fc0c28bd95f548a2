import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { openStore } from './index.ts'
import { inspect } from './opening.ts'

/** Is killed inside a transaction of a database that has a rollback journal, after the first pages were written. */
const killedWhileMaking = `
  const { default: Database } = await import(process.argv[1])
  const database = new Database(process.argv[2])
  database.pragma('cache_size = 1')
  database.exec('BEGIN; CREATE TABLE t (text TEXT)')
  const insert = database.prepare('INSERT INTO t VALUES (?)')
  for (let n = 0; n < 200; n++) insert.run('x'.repeat(2_000))
  process.kill(process.pid, 'SIGKILL')`

test('a database whose making was killed is rolled back and found empty, instead of never opening again', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'control.db')
  const sqlite = import.meta.resolve('better-sqlite3')
  spawnSync(process.execPath, ['--input-type=module', '-e', killedWhileMaking, sqlite, path])
  expect(existsSync(`${path}-journal`)).toBe(true)
  expect(inspect('control', path)).toEqual({ state: 'empty' })
  expect(existsSync(`${path}-journal`)).toBe(false)
})

test('a folder that cannot be made is told in a sentence for the operator, not as an error of the file system', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  const opening = openStore({
    directory: join(file, '.wheelhouse'),
    schemas: { control: [], messages: [] },
    runtime: testRuntime(),
    clock: systemClock(),
    logger: silentLogger,
  })
  await expect(opening).rejects.toMatchObject({ problem: { code: 'store-read-only', retryable: true } })
})
