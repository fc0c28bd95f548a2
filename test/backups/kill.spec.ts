import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomFrom } from '../faults/random.ts'
import { temporaryFolder } from '../support/folders.ts'
import { BackupLives } from './kills.ts'
import { buildRig } from './rig.ts'

test('kill -9 at 12 random moments of backups, restores, undos, checks and prunes: the site is as before or as restored, every snapshot is whole, nothing acknowledged is lost (1,000: npm run soak -- backup)', async () => {
  using folder = temporaryFolder()
  const rig = await buildRig(folder.path)
  const world = join(folder.path, 'lives')
  mkdirSync(world)
  await using lives = new BackupLives(rig, world, randomFrom(11))
  const kills = () => Object.values(lives.counts.kills).reduce((sum, count) => sum + count, 0)
  // A life that is over before its moment comes counts for nothing: how long they take is learned on the way.
  for (let round = 0; round < 80 && kills() < 12; round++) await lives.live()
  expect(lives.problems).toEqual([])
  expect(kills()).toBe(12)
  const { snapshots } = lives.counts
  expect(snapshots).toBeGreaterThan(2)
}, 600_000)
