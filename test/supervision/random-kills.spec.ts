import { expect, test } from 'vitest'
import { randomFrom } from '../faults/random.ts'
import { temporaryFolder } from '../support/folders.ts'
import { killAtRandom } from './random-kills.ts'

// The short form of `npm run soak -- supervision`.
test('services that are killed at random for a while are all back, leave nothing behind, and cost the console nothing', async () => {
  using folder = temporaryFolder()
  const seed = Date.now() % 1_000_000
  const result = await killAtRandom({
    folder: folder.path,
    random: randomFrom(seed),
    forMs: 15_000,
    lookEveryMs: 5_000,
    note: () => {},
  })
  expect(result.problems, `seed ${seed}`).toEqual([])
  expect(result.kills).toBeGreaterThan(5)
})
