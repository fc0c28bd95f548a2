import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { campaign, everyOperationOnce } from './campaign.ts'
import { needsFaultDisk } from './needs-fault-disk.ts'
import { buildRig, type Rig } from './rig.ts'
import { scenarios } from './scenarios.ts'

const missing = needsFaultDisk()
const folder = temporaryFolder()
let rig: Rig
beforeAll(async () => {
  if (missing === null) rig = await buildRig(folder.path)
})
afterAll(() => folder[Symbol.dispose]())

test.each(Object.keys(scenarios))(
  '%s: whichever operation of the disk fails, the store opens again, is whole, and has everything that was acknowledged',
  async (name) => {
    const { operations, runs, notReached, problems } = await campaign(rig, name, everyOperationOnce)
    process.stdout.write(
      `${name}: ${operations} operations, ${runs} runs, ${notReached} of them without their operation\n`,
    )
    expect(problems).toEqual([])
    expect(operations).toBeGreaterThan(5)
    expect(runs).toBeGreaterThanOrEqual(operations)
    expect(notReached).toBeLessThan(runs / 5)
  },
  1_200_000,
)
