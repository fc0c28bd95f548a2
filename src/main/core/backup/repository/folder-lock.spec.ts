import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { lockFolder } from './folder-lock.ts'

/** Above what Linux gives out. */
const pidOfNobody = 4_999_999

const record = (pid: number) => JSON.stringify({ what: 'a backup of the lab', hostname: hostname(), pid, since: 1_000 })

/** A process that has the lock and has not said yet who it is, or says it no more. */
function unnamedHolder(folder: string): Database.Database {
  const database = new Database(join(folder, 'lock.db'))
  database.exec('CREATE TABLE held (one)')
  database.exec('BEGIN EXCLUSIVE')
  return database
}

test('whoever is refused before the holder has said who it is waits until it has', async () => {
  using folder = temporaryFolder()
  const holder = unnamedHolder(folder.path)
  const pause = async () => writeFileSync(join(folder.path, 'owner.json'), record(process.pid))
  await expect(lockFolder(folder.path, join(folder.path, 'tmp'), 'a check', pause)).rejects.toMatchObject({
    problem: {
      code: 'repository-busy',
      message: expect.stringContaining(`process ${process.pid} on ${hostname()} works on them (a backup of the lab`),
    },
  })
  holder.close()
})

test('a lock that is given back while its holder is not named any more is taken', async () => {
  using folder = temporaryFolder()
  const holder = unnamedHolder(folder.path)
  const pause = async () => void holder.close()
  await using _lock = await lockFolder(folder.path, join(folder.path, 'tmp'), 'a check', pause)
  expect(readFileSync(join(folder.path, 'owner.json'), 'utf8')).toContain('a check')
  expect(existsSync(join(folder.path, 'tmp'))).toBe(true)
})

test("what a process that was killed has left as the owner is nobody's name", async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'owner.json'), record(pidOfNobody))
  const holder = unnamedHolder(folder.path)
  const pause = async () => writeFileSync(join(folder.path, 'owner.json'), record(process.pid))
  await expect(lockFolder(folder.path, join(folder.path, 'tmp'), 'a check', pause)).rejects.toMatchObject({
    problem: { message: expect.stringContaining(`process ${process.pid} on`) },
  })
  holder.close()
})
