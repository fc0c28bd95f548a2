import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BackupModel } from '../backups/model.ts'
import { randomFrom } from '../faults/random.ts'
import type { Soak } from './soak.ts'

const steps = 400

const soak: Soak = {
  what: `${steps} random edits, backups, prunes, restores and undos a round, each round on a site of its own; what comes back must be what was there`,
  rounds: 10,
  async run({ rounds, seed, folder, note }) {
    const problems: string[] = []
    const total = { edits: 0, backups: 0, prunes: 0, restores: 0, undos: 0 }
    for (let round = 1; round <= rounds; round++) {
      const own = join(folder, `${round}`)
      mkdirSync(own)
      await using model = await BackupModel.open(own, randomFrom(seed + round))
      for (let step = 0; step < steps; step++) await model.step(0.15)
      await model.end()
      problems.push(...model.problems.map((problem) => `round ${round}: ${problem}`))
      for (const what of ['edits', 'backups', 'prunes', 'restores', 'undos'] as const) total[what] += model.counts[what]
      note(`round ${round}: ${JSON.stringify(total)}, ${problems.length} wrong`)
    }
    return {
      figures: Object.entries(total)
        .map(([what, count]) => `${count} ${what}`)
        .join(', '),
      problems,
    }
  },
}
export default soak
