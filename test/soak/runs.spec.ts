import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { noteRun, runsIn, sumOf } from './runs.ts'

test('runs of one soak are added up, whatever else is in the file', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'runs')
  const one = { name: 'outbox', scenarios: ['own-broker'], part: '1/1', rounds: 70, seed: 1, problems: [] }
  noteRun(file, { ...one, counts: { kills: 70, acknowledged: 9_000 } })
  noteRun(file, { ...one, name: 'store', counts: { kills: 5 } })
  noteRun(file, { ...one, counts: { kills: 30 } })
  expect(sumOf(runsIn(file, 'outbox'))).toBe('2 runs held: 100 kills, 9000 acknowledged')
  noteRun(file, { ...one, problems: ['message 7 was acknowledged and did not arrive'], counts: { kills: 30 } })
  expect(sumOf(runsIn(file, 'outbox'))).toBe('3 runs with 1 WRONG: 130 kills, 9000 acknowledged')
})
