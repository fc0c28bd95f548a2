import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import {
  addNote,
  allNotes,
  filesIn,
  killedStore,
  storeOptions,
  storeWithNotes,
} from '../../../../test/support/store-rig.ts'
import { copyName } from './copies.ts'
import { openStore } from './index.ts'
import { ladderBudgetMs } from './ladder.ts'

for (const point of ['after-intent', 'after-quarantine', 'before-swap', 'after-swap']) {
  test(`a recovery killed at ${point} is finished at the next opening: once, from the copy, with one report`, async () => {
    using folder = temporaryFolder()
    const options = storeOptions(folder.path)
    await storeWithNotes(options, { notes: 20, copied: true })
    writeFileSync(join(folder.path, 'control.db'), 'rubbish '.repeat(2000))
    await killedStore(folder.path, { notes: 0, env: { WHEELHOUSE_CRASH_AT: `store.recovery.${point}` } })
    await using store = await openStore(options)
    expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
    expect(store.control.all(allNotes)).toHaveLength(20)
    expect(store.upkeep.untold()).toHaveLength(1)
    expect(filesIn(join(folder.path, 'quarantine'))).toHaveLength(1)
    const [written] = await store.control.write(addNote(Date.now(), 'it goes on'), 'job')
    expect(written?.lastInsertRowid).toBeGreaterThan(Date.now() - 3_600_000)
  })
}

test('copies that take too long to try are given up together, salvage still has its time, and what was not tried is said', async () => {
  using folder = temporaryFolder()
  let late = 0
  const clock = Object.assign(new ManualClock(), { monotonic: () => late })
  const options = storeOptions(folder.path, { clock })
  await storeWithNotes(options, { notes: 30 })
  writeFileSync(join(folder.path, 'control.db'), Buffer.alloc(50, 0xff), { flag: 'r+' })
  mkdirSync(join(folder.path, 'copies'), { recursive: true })
  for (let n = 0; n < 12; n++) {
    const file = copyName({ database: 'control', reason: 'scheduled', at: clock.wall() - n * 60_000 })
    new Database(join(folder.path, 'copies', file)).exec('CREATE TABLE planted (text)').close()
  }
  const passedOver: string[] = []
  // Each of them is found to be no good after a third of the time that there is for all.
  const warn = (message: string) => {
    if (!message.startsWith('The copy ')) return
    passedOver.push(message)
    late += ladderBudgetMs.copies / 3
  }
  await using store = await openStore({ ...options, logger: { ...silentLogger, warn, part: () => silentLogger } })
  expect(passedOver).toHaveLength(3)
  const opened = store.opened.control
  if (opened.how !== 'replaced') throw new Error(`opened ${opened.how}`)
  expect(opened.source).toBe('salvage')
  expect(opened.reason).toContain('9 more copies were not tried')
  expect(store.control.all(allNotes)).toHaveLength(30)
})
