import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { killUnderLoad } from './outbox-lives.ts'
import { randomFrom } from './random.ts'

needs('mosquitto')

for (const scenario of ['own-broker', 'other-broker'] as const) {
  test(`a console that is killed under load loses nothing that was acknowledged (${scenario})`, async () => {
    using folder = temporaryFolder()
    const seed = Date.now() % 1_000_000
    const proof = await killUnderLoad({
      scenario,
      rounds: 3,
      random: randomFrom(seed),
      folder: folder.path,
      note: () => {},
    })
    expect(proof.problems, `seed ${seed}`).toEqual([])
    expect(proof.acknowledged).toBeGreaterThan(100)
  })
}
