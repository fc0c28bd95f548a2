import { afterAll, beforeAll, expect, test } from 'vitest'
import { needsFaultDisk } from '../faults/needs-fault-disk.ts'
import { randomFrom } from '../faults/random.ts'
import { temporaryFolder } from '../support/folders.ts'
import { backupPowerCuts } from './power-cut.ts'
import { buildRig, type Rig } from './rig.ts'

const missing = needsFaultDisk()
const folder = temporaryFolder()
let rig: Rig
beforeAll(async () => {
  if (missing === null) rig = await buildRig(folder.path, { shim: true })
})
afterAll(() => folder[Symbol.dispose]())

test.each(['backup', 'prune', 'restore'])(
  '%s: a power cut after an fsync leaves every snapshot that is listed whole, those acknowledged where they were, and the site as before or as restored (every fsync, more scenarios: npm run soak -- backup-power)',
  async (name) => {
    const done = await backupPowerCuts(rig, name, { looks: 30, openings: 2, random: randomFrom(20_261) })
    process.stdout.write(`${name}: ${done.operations} operations, ${done.looks} cuts, ${done.openings} opened after\n`)
    expect(done.problems).toEqual([])
    expect(done.looks).toBeGreaterThan(10)
    expect(done.openings).toBeGreaterThan(1)
  },
  120_000,
)
