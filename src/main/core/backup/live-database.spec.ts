import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { ServiceControl } from '#core/coordinator/index.ts'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { lookIntoDatabase, makeDatabase } from '../../../../test/support/odd-site.ts'
import { differences, listTree } from '../../../../test/support/tree-listing.ts'
import { until } from '../../../../test/support/until.ts'

const writerProgram = fileURLToPath(new URL('../../../../test/support/note-writer.program.ts', import.meta.url))

/** A real service in front of a real database, stopped and started as the coordinator would. */
class Writer implements ServiceControl, AsyncDisposable {
  readonly #database: string
  #child: ChildProcess | undefined
  /** The last row that the service said was committed. */
  committed = 0
  starts = 0

  constructor(database: string) {
    this.#database = database
  }

  async start() {
    const child = spawn(process.execPath, [writerProgram, this.#database], { stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.committed = Number(text.trim().split('\n').at(-1))
    })
    this.#child = child
    this.starts++
    return { done: ['writer'], failed: [] }
  }

  async stop() {
    const child = this.#child
    this.#child = undefined
    if (child && child.exitCode === null) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    return { done: ['writer'], failed: [] }
  }

  wanted() {
    return this.#child ? ['writer'] : []
  }

  stopOrder() {
    return null
  }

  async [Symbol.asyncDispose]() {
    await this.stop()
  }
}

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  mkdirSync(join(site, 'services'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'services', 'api.mjs'), 'the code')
  const database = join(site, 'data', 'app.db')
  makeDatabase(database, 200)
  return { site, repository: join(folder, 'backups'), database }
}

test('a database that is written to all the time is captured whole, and loses nothing that was committed before', async () => {
  using folder = temporaryFolder()
  const { site, repository, database } = places(folder.path)
  await using writer = new Writer(database)
  await using rig = await openBackupRig({ site, folder: repository, services: writer })
  await writer.start()
  await until('the service has written', () => writer.committed > 400)
  const before = writer.committed

  await rig.backUp()

  const during = writer.committed
  expect(during).toBeGreaterThan(before)
  expect(rig.backups.snapshots()).toMatchObject([{ partial: false, warnings: [], verified: { ok: true } }])
  unlinkSync(database)
  rmSync(join(site, 'services'), { recursive: true })
  const restored = await rig.restore()
  expect(restored).toMatchObject({ state: 'completed', data: { failed: [] } })
  expect(writer.starts).toBe(2)
  await writer.stop()
  const { rows, sound } = lookIntoDatabase(database)
  expect(sound).toBe(true)
  expect(rows).toBeGreaterThanOrEqual(before)
  expect(existsSync(join(site, 'services', 'api.mjs'))).toBe(true)
})

test('what a service wrote until it was stopped for the restore comes back with Undo, byte for byte', async () => {
  using folder = temporaryFolder()
  const { site, repository, database } = places(folder.path)
  await using writer = new Writer(database)
  await using rig = await openBackupRig({ site, folder: repository, services: writer })
  await rig.backUp()
  await writer.start()
  await until('the service has written', () => writer.committed > 300)
  const stop = writer.stop.bind(writer)
  let atStop: ReturnType<typeof listTree> | undefined
  // The site as it is at the moment in which nothing writes any more: killed, so a log with content lies beside the database.
  writer.stop = async () => {
    const outcome = await stop()
    atStop ??= listTree(site)
    return outcome
  }
  writer.start = async () => ({ done: [], failed: [] })

  expect(await rig.restore()).toMatchObject({ state: 'completed' })

  expect(lookIntoDatabase(database).rows).toBe(200)
  expect(atStop?.get('./data/app.db-wal')?.size).not.toBe('0')
  expect(await rig.undo()).toMatchObject({ state: 'completed' })
  // The shared memory beside the database is SQLite's own, made anew at each opening.
  const found = differences(atStop ?? new Map(), listTree(site)).filter((line) => !line.includes('app.db-shm'))
  expect(found).toEqual([])
  const { rows, sound } = lookIntoDatabase(database)
  expect(sound).toBe(true)
  expect(rows).toBeGreaterThanOrEqual(writer.committed)
})

test('an unchanged database is not copied again, and one whose log alone has changed is', async () => {
  using folder = temporaryFolder()
  const { site, repository, database } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository })
  await rig.backUp()
  await rig.backUp()
  const [, unchanged] = rig.backups.snapshots()
  expect(unchanged?.added).toBeLessThan(1_500)
  await using writer = new Writer(database)
  await writer.start()
  await until('the service has written', () => writer.committed > 210)
  await rig.backUp()
  await writer.stop()
  await rig.restore()
  expect(lookIntoDatabase(database).rows).toBeGreaterThan(200)
})
