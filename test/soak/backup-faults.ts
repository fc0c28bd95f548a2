import { backupCampaign } from '../backups/campaign.ts'
import { buildRig } from '../backups/rig.ts'
import { scenarios } from '../backups/scenarios.ts'
import { faults } from '../faults/fault-disk.ts'
import type { Soak } from './soak.ts'

const soak: Soak = {
  what: 'every operation on the disk of the site and of its backups fails with each fault (EIO, ENOSPC, EACCES, a short write, a crash, a disk full from then on) while a console backs up, checks, prunes, restores, undoes and recovers',
  rounds: 1,
  scenarios: Object.keys(scenarios),
  hasParts: true,
  async run({ rounds, folder, note, scenarios: chosen, part }) {
    const rig = await buildRig(folder, { shim: true })
    const problems: string[] = []
    let [operations, runs] = [0, 0]
    for (let round = 1; round <= rounds; round++) {
      for (const name of chosen) {
        const done = await backupCampaign(
          rig,
          name,
          // Each share has some of every fault at every place.
          (k) => faults.filter((_, at) => (k + at * 7) % part.of === part.at - 1),
          (problem) => note(`WRONG: ${problem}`),
        )
        operations += done.operations
        runs += done.runs
        problems.push(...done.problems)
        note(`${name}: ${done.operations} operations, ${done.runs} runs, ${done.problems.length} wrong`)
      }
    }
    return { figures: `${operations} operations, ${runs} runs`, problems }
  },
}
export default soak
