import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { laterLedgerSchema, ledgerSchema } from '../faults/ledger.ts'
import { crashPoints, Lives, migrationCrashPoints } from '../faults/lives.ts'
import { prove } from '../faults/proof.ts'
import { randomFrom } from '../faults/random.ts'
import { buildRig } from '../faults/rig.ts'
import type { Soak } from './soak.ts'

const longestLifeMs = 200

const soak: Soak = {
  what: 'a writer on one growing store is killed with SIGKILL at random moments and at each named crash point; nothing acknowledged may be missing, half there or given twice',
  rounds: 1_000,
  async run({ rounds, seed, folder, note }) {
    const random = randomFrom(seed)
    const rig = await buildRig(folder, 'mortal-writer.program.ts')
    const newLives = (name: string) => {
      mkdirSync(join(folder, name))
      return new Lives(rig, join(folder, name))
    }
    const lives = newLives('store')
    let named = 0
    for (let round = 1; round <= rounds; round++) {
      await lives.live({ afterMs: random() * longestLifeMs })
      if (round % Math.ceil(rounds / 10) === 0) {
        const at = crashPoints[named++ % crashPoints.length]
        if (at) await lives.live({ at })
        note(`${round} kills, ${lives.acknowledged.length} acknowledged, ${lives.problems.length} wrong`)
      }
    }
    const options = { runtime: rig.runtime, spoiled: 'nothing' as const }
    const problems = [
      ...lives.problems,
      ...(await prove({
        ...options,
        directory: lives.directory,
        ledger: ledgerSchema,
        acknowledged: lives.acknowledged,
      })),
    ]
    for (const at of migrationCrashPoints) {
      const upgraded = newLives(at.replaceAll(':', '-'))
      await upgraded.live({ afterMs: longestLifeMs })
      await upgraded.live({ at }, { upgraded: true })
      const { directory, acknowledged } = upgraded
      problems.push(
        ...(await prove({ ...options, directory, ledger: laterLedgerSchema, acknowledged })),
        ...upgraded.problems,
      )
    }
    const crashes = named + migrationCrashPoints.length
    return {
      figures: `${rounds} kills and ${crashes} crashes at named points, ${lives.acknowledged.length} records acknowledged`,
      problems,
    }
  },
}
export default soak
