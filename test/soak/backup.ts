import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BackupLives } from '../backups/kills.ts'
import { buildRig } from '../backups/rig.ts'
import { randomFrom } from '../faults/random.ts'
import type { Soak } from './soak.ts'

const soak: Soak = {
  what: 'a console or its helper is killed with SIGKILL at random moments while it backs up, restores, undoes, checks and prunes; the site must be as before or as restored, every snapshot whole, nothing acknowledged lost',
  rounds: 1_000,
  async run({ rounds, seed, folder, note }) {
    const rig = await buildRig(folder)
    const world = join(folder, 'lives')
    mkdirSync(world)
    await using lives = new BackupLives(rig, world, randomFrom(seed))
    let told = 0
    for (let round = 1; round <= rounds; round++) {
      await lives.live()
      for (const problem of lives.problems.slice(told)) note(`WRONG: ${problem}`)
      told = lives.problems.length
      if (round % Math.ceil(rounds / 20) === 0) note(`${round} rounds: ${figuresOf(lives)}`)
    }
    return { figures: figuresOf(lives), problems: lives.problems }
  },
}
export default soak

function figuresOf({ counts, problems }: BackupLives): string {
  const total = Object.values(counts.kills).reduce((sum, count) => sum + count, 0)
  const kills = Object.entries(counts.kills).map(([what, count]) => `${what} ${count}`)
  return `${total} kills (${kills.join(', ')}), ${counts.snapshots} snapshots, restores and undos cut off: ${counts.before} left as before, ${counts.after} finished; ${problems.length} wrong`
}
