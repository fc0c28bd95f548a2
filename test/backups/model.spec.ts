import { expect, test } from 'vitest'
import { randomFrom } from '../faults/random.ts'
import { temporaryFolder } from '../support/folders.ts'
import { BackupModel } from './model.ts'

test('300 random edits, backups, prunes, restores and undos: what comes back is what was there, to the byte, the mode and the microsecond (more: npm run soak -- backup-model)', async () => {
  using folder = temporaryFolder()
  await using model = await BackupModel.open(folder.path, randomFrom(4))
  for (let step = 0; step < 300 && model.problems.length === 0; step++) await model.step(0.08)
  await model.end()
  expect(model.problems).toEqual([])
  expect(model.counts.backups).toBeGreaterThan(4)
  expect(model.counts.restores).toBeGreaterThan(4)
  expect(model.counts.undos).toBeGreaterThan(0)
  expect(model.counts.prunes).toBeGreaterThan(0)
}, 900_000)
