import { afterAll, beforeAll, expect, test } from 'vitest'
import { needsFaultDisk } from '../faults/needs-fault-disk.ts'
import { someOperations } from '../faults/runs.ts'
import { temporaryFolder } from '../support/folders.ts'
import { backupCampaign } from './campaign.ts'
import { buildRig, type Rig } from './rig.ts'
import { scenarios } from './scenarios.ts'

const missing = needsFaultDisk()
const folder = temporaryFolder()
let rig: Rig
beforeAll(async () => {
  if (missing === null) rig = await buildRig(folder.path, { shim: true })
})
afterAll(() => folder[Symbol.dispose]())

/** Operations of each scenario that one run of the tests has time for, and which: others on every day. */
const most = Number(process.env.MOST ?? 8)
const turn = Number(process.env.TURN ?? Math.floor(Date.now() / (24 * 60 * 60 * 1_000)))

test.each(Object.keys(scenarios))(
  '%s: whichever operation of the disk fails, the site is as before or as restored, every snapshot is whole, and the next backup is good (each operation with each fault: npm run soak -- backup-faults)',
  async (name) => {
    const { operations, runs, notReached, problems } = await backupCampaign(rig, name, someOperations(most, turn))
    process.stdout.write(
      `${name}: ${runs} of ${operations} operations failed, those of turn ${turn}; ${notReached} were not reached\n`,
    )
    expect(problems).toEqual([])
    expect(operations).toBeGreaterThan(20)
  },
  600_000,
)
