import { expect, test } from 'vitest'
import { inTime, tookTime } from './words.ts'

test('a time is told in the unit that a person reads; one that was measured keeps its tenth of a second', () => {
  expect([0.4, 400, 3_778, 119_000, 300_000, 10_800_000, 172_800_000].map(inTime)).toEqual([
    '0 ms',
    '400 ms',
    '4 s',
    '119 s',
    '5 min',
    '3 h',
    '2 days',
  ])
  expect([400.4, 3_778, 59_940, 119_000].map(tookTime)).toEqual(['400 ms', '3.8 s', '59.9 s', '119 s'])
})
