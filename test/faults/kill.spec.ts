import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { laterLedgerSchema, ledgerSchema } from './ledger.ts'
import { crashPoints, Lives, migrationCrashPoints } from './lives.ts'
import { needsFaultDisk } from './needs-fault-disk.ts'
import { prove } from './proof.ts'
import { randomFrom } from './random.ts'
import { buildRig, type Rig } from './rig.ts'

const missing = needsFaultDisk()
const folder = temporaryFolder()
let rig: Rig
beforeAll(async () => {
  if (missing === null) rig = await buildRig(folder.path, 'mortal-writer.program.ts')
})
afterAll(() => folder[Symbol.dispose]())

function newLives(name: string): Lives {
  mkdirSync(join(folder.path, name))
  return new Lives(rig, join(folder.path, name))
}

test('kill -9 at 15 random moments of a growing store: nothing acknowledged is missing or half there, no sequence comes twice (1,000: npm run soak -- store)', async () => {
  const random = randomFrom(7)
  const lives = newLives('random')
  for (let round = 0; round < 15; round++) await lives.live({ afterMs: random() * 200 })
  const { directory, acknowledged } = lives
  const found = await prove({
    directory,
    runtime: rig.runtime,
    ledger: ledgerSchema,
    acknowledged,
    spoiled: 'nothing',
  })
  expect([...lives.problems, ...found]).toEqual([])
  expect(acknowledged.length).toBeGreaterThan(15)
})

test.each(crashPoints)('a crash at %s loses nothing, and the next life goes on', async (at) => {
  const lives = newLives(at.replaceAll(':', '-'))
  await lives.live('closes')
  await lives.live({ at })
  await lives.live('closes')
  const { directory, acknowledged } = lives
  const found = await prove({
    directory,
    runtime: rig.runtime,
    ledger: ledgerSchema,
    acknowledged,
    spoiled: 'nothing',
  })
  expect([...lives.problems, ...found]).toEqual([])
})

test.each(migrationCrashPoints)(
  'a crash at %s leaves the store as it was, and the next life migrates it',
  async (at) => {
    const lives = newLives(at.replaceAll(':', '-'))
    await lives.live('closes')
    await lives.live({ at }, { upgraded: true })
    await lives.live('closes', { upgraded: true })
    const { directory, acknowledged } = lives
    const ledger = laterLedgerSchema
    const found = await prove({ directory, runtime: rig.runtime, ledger, acknowledged, spoiled: 'nothing' })
    expect([...lives.problems, ...found]).toEqual([])
  },
)
