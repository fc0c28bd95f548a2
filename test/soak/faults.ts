import { campaign } from '../faults/campaign.ts'
import { faults } from '../faults/fault-disk.ts'
import { buildRig } from '../faults/rig.ts'
import { scenarios } from '../faults/scenarios.ts'
import type { Soak } from './soak.ts'

const soak: Soak = {
  what: 'every operation of every scenario fails with each fault (EIO, ENOSPC, EACCES, a short write, a crash, a disk full from then on)',
  rounds: 1,
  scenarios: Object.keys(scenarios),
  hasParts: true,
  async run({ rounds, folder, note, scenarios: chosen, part }) {
    const rig = await buildRig(folder)
    const problems: string[] = []
    let [operations, runs] = [0, 0]
    for (let round = 1; round <= rounds; round++) {
      for (const name of chosen) {
        const done = await campaign(
          rig,
          name,
          (k) => (k % part.of === part.at - 1 ? faults : []),
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
