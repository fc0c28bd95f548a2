import { faults } from '../faults/fault-disk.ts'
import type { Campaign, FaultChoice } from '../faults/runs.ts'
import type { Soak } from './soak.ts'

export interface FaultSoakOptions<Rig> {
  readonly what: string
  readonly scenarios: readonly string[]
  build(folder: string): Promise<Rig>
  campaign(rig: Rig, name: string, choose: FaultChoice, onProblem: (problem: string) => void): Promise<Campaign>
}

/** Every operation of every scenario with each fault, or a share of them: each share has some of every fault at every place. */
export function faultSoak<Rig>({ what, scenarios, build, campaign }: FaultSoakOptions<Rig>): Soak {
  return {
    what,
    rounds: 1,
    scenarios,
    hasParts: true,
    async run({ rounds, folder, note, scenarios: chosen, part }) {
      const rig = await build(folder)
      const problems: string[] = []
      const choose: FaultChoice = (k) => faults.filter((_, at) => (k + at * 7) % part.of === part.at - 1)
      let [operations, runs] = [0, 0]
      for (let round = 1; round <= rounds; round++) {
        for (const name of chosen) {
          const done = await campaign(rig, name, choose, (problem) => note(`WRONG: ${problem}`))
          operations += done.operations
          runs += done.runs
          problems.push(...done.problems)
          note(`${name}: ${done.operations} operations, ${done.runs} runs, ${done.problems.length} wrong`)
        }
      }
      return { figures: `${operations} operations, ${runs} runs`, problems }
    },
  }
}
