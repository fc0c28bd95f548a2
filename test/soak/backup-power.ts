import { backupPowerCuts } from '../backups/power-cut.ts'
import { buildRig } from '../backups/rig.ts'
import { scenarios } from '../backups/scenarios.ts'
import { randomFrom } from '../faults/random.ts'
import type { Soak } from './soak.ts'

const soak: Soak = {
  what: 'the power is cut after every fsync of a console that backs up, checks, prunes, restores, undoes and recovers, and of what was not synced nothing, all or some sectors are left',
  rounds: 1,
  scenarios: Object.keys(scenarios),
  async run({ rounds, seed, folder, note, scenarios: chosen }) {
    const rig = await buildRig(folder, { shim: true })
    const random = randomFrom(seed)
    const problems: string[] = []
    const total = { looks: 0, openings: 0 }
    for (let round = 1; round <= rounds; round++) {
      for (const name of chosen) {
        const done = await backupPowerCuts(rig, name, { openings: 60, random })
        total.looks += done.looks
        total.openings += done.openings
        problems.push(...done.problems)
        note(`${name}: ${done.operations} operations, ${done.looks} power cuts, ${done.problems.length} wrong`)
      }
    }
    return { figures: `${total.looks} power cuts, ${total.openings} of them opened after`, problems }
  },
}
export default soak
