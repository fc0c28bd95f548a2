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

test.each(Object.entries(scenarios))(
  '%s: every operation fails once, by turns with a crash and another fault (all of them: npm run soak -- faults)',
  async (name) => {
    const { operations, runs, notReached, problems } = await campaign(rig, name, everyOperationOnce)
    process.stdout.write(`${name}: ${operations} operations, ${runs} runs, ${notReached} not reached\n`)
    expect(problems).toEqual([])
    expect(operations).toBeGreaterThan(5)
    expect(runs).toBeGreaterThanOrEqual(operations)
    // Threads do not always do the same, but a fault that is hardly ever met shows nothing.
    expect(notReached).toBeLessThan(runs / 5)
  },
  900_000,
)
