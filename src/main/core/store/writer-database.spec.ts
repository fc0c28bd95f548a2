import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { noCrashPoints } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import type { SqliteFailure } from './sqlite-failure.ts'
import type { UnitAnswer } from './write-packing.ts'
import { WriterDatabase } from './writer-database.ts'

function writerDatabase() {
  const troubles: SqliteFailure[] = []
  const answers: UnitAnswer[] = []
  const ignore = () => {}
  const voice = {
    trouble: (_: string, failure: SqliteFailure) => void troubles.push(failure),
    slow: ignore,
    busy: ignore,
    logRound: ignore,
  }
  const writer = new WriterDatabase('control', voice, noCrashPoints)
  const waiting = { outcomes: (_: string, outcomes: readonly UnitAnswer[]) => void answers.push(...outcomes) }
  const write = () => {
    const statements = [{ sql: "INSERT OR REPLACE INTO store_marks (name, value) VALUES ('note', 'kept')" }]
    writer.add({ unit: { durability: 'durable', statements }, id: answers.length, waiting })
    writer.commitOneGroup()
  }
  return { writer, write, troubles, answers }
}

const setupFor = (folder: string) => ({
  path: join(folder, 'store', 'control.db'),
  isNew: false,
  pending: [],
  at: 0,
  continueFrom: null,
  rewrite: false,
  rescueTo: join(folder, 'copies'),
  round: 0,
})

/** One whose disk was not there when it was opened, and has come back since. */
function openedByProbe(folder: string) {
  const made = writerDatabase()
  const setup = setupFor(folder)
  const store = join(folder, 'store')
  const away = join(folder, 'away')
  makeStore(folder)
  renameSync(store, away)
  expect(made.writer.open(setup).failure).toMatchObject({ code: 'SQLITE_CANTOPEN' })
  expect(made.writer.probe()).toMatchObject({ code: 'SQLITE_CANTOPEN' })
  renameSync(away, store)
  expect(made.writer.probe()).toBeNull()
  made.write()
  expect(made.answers).toMatchObject([{ outcome: { results: [{ changes: 1 }] } }])
  return { ...made, path: setup.path }
}

function makeStore(folder: string): void {
  mkdirSync(join(folder, 'store'))
  const { writer } = writerDatabase()
  expect(writer.open({ ...setupFor(folder), isNew: true }).failure).toBeNull()
  writer.close()
}

for (const [what, ending] of [
  ['file', ''],
  ['write-ahead log', '-wal'],
] as const) {
  test(`a database that was opened when its disk came back is watched: nothing is acknowledged once its ${what} is taken away`, () => {
    using folder = temporaryFolder()
    const { writer, write, troubles, answers, path } = openedByProbe(folder.path)
    rmSync(`${path}${ending}`)
    write()
    expect(troubles).toMatchObject([{ code: 'SQLITE_READONLY_DBMOVED', message: expect.stringContaining(what) }])
    expect(answers).toHaveLength(1)
    expect(writer.hasWork).toBe(false)
  })
}
