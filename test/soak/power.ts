import { powerCuts } from '../faults/power-cut.ts'
import { randomFrom } from '../faults/random.ts'
import { buildRig } from '../faults/rig.ts'
import { scenarios } from '../faults/scenarios.ts'
import type { Soak } from './soak.ts'

const soak: Soak = {
  what: 'the power is cut at many moments of every scenario, and of what was not synced nothing, all or some sectors are left',
  rounds: 5,
  scenarios: Object.keys(scenarios),
  async run({ rounds, seed, folder, note, scenarios: chosen }) {
    const rig = await buildRig(folder)
    const random = randomFrom(seed)
    const problems: string[] = []
    let [cuts, held] = [0, 0]
    for (let round = 1; round <= rounds; round++) {
      for (const name of chosen) {
        const done = await powerCuts(rig, name, { cuts: 60, random })
        cuts += done.cuts
        held += done.held
        problems.push(...done.problems)
      }
      note(`round ${round}: ${cuts} power cuts, ${problems.length} wrong`)
    }
    return { figures: `${cuts} power cuts, ${held} durable records held at them`, problems }
  },
}
export default soak
