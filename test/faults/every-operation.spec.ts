import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { campaign } from './campaign.ts'
import { needsFaultDisk } from './needs-fault-disk.ts'
import { buildRig, type Rig } from './rig.ts'
import { someOperations } from './runs.ts'
import { scenarios } from './scenarios.ts'

const missing = needsFaultDisk()
const folder = temporaryFolder()
let rig: Rig
beforeAll(async () => {
  if (missing === null) rig = await buildRig(folder.path)
})
afterAll(() => folder[Symbol.dispose]())

/** Operations of each scenario that one run of the tests has time for, and which: others on every day. */
const most = 20
const turn = Math.floor(Date.now() / (24 * 60 * 60 * 1_000))

test.each(Object.keys(scenarios))(
  '%s: whichever operation of the disk fails, the store opens again, is whole, and has everything that was acknowledged (each operation with each fault: npm run soak -- faults)',
  async (name) => {
    const { operations, runs, notReached, problems } = await campaign(rig, name, someOperations(most, turn))
    process.stdout.write(
      `${name}: ${runs} of ${operations} operations failed, those of turn ${turn}; ${notReached} were not reached\n`,
    )
    expect(problems).toEqual([])
    expect(operations).toBeGreaterThan(5)
    expect(runs).toBeGreaterThanOrEqual(Math.min(operations, most) / 2)
    // Threads do not always do the same: the last operations of one run may be missing in another.
    expect(notReached).toBeLessThan(runs / 3)
  },
  600_000,
)

test.skipIf(missing !== null)(
  'replace: a copy that cannot be opened at once is tried again, and what cannot be tidied up does not undo the recovery',
  async () => {
    const asked = (k: number, operations: number) => (k >= 36 && k <= 58) || k > operations - 10
    const { runs, problems } = await campaign(rig, 'replace', (k, operations) =>
      asked(k, operations) ? ['EACCES'] : [],
    )
    expect(runs).toBeGreaterThan(20)
    expect(problems).toEqual([])
  },
  600_000,
)

test.skipIf(missing !== null)(
  'damaged log: a check whose disk refuses something once is made again, before anybody opens the database and removes the log',
  async () => {
    const asked = (k: number) => k >= 8 && k <= 26
    const { runs, problems } = await campaign(rig, 'damaged log', (k) => (asked(k) ? ['EIO', 'short write'] : []))
    expect(runs).toBeGreaterThan(30)
    expect(problems).toEqual([])
  },
  600_000,
)

test.skipIf(missing !== null)(
  'stand-in ends: a disk that is full from some moment on has another stand-in begun elsewhere, and every one of them is kept and named',
  async () => {
    const { runs, problems } = await campaign(rig, 'stand-in ends', (k) => (k <= 40 ? ['full'] : []))
    expect(runs).toBe(40)
    expect(problems).toEqual([])
  },
  600_000,
)
