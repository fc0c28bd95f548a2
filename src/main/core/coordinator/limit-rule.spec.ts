import { expect, test } from 'vitest'
import { amountWords, type LimitStanding, limitsOf, standing, withinLimit } from './limit-rule.ts'

/** Samples of one value every two seconds, against a limit of 100 that must be passed for 10 s. Tells each change as `at: over`. */
function changes(values: readonly number[]): readonly string[] {
  let now = 0
  let before: LimitStanding = withinLimit
  return values.flatMap((value) => {
    const after = standing(before, { value, most: 100, now, forMs: 10_000 })
    const told = after.over === before.over ? [] : [`${now / 1_000} s: ${after.over ? 'over' : 'within'}`]
    before = after
    now += 2_000
    return told
  })
}

test('a limit is passed when every sample for as long as is said was above it', () => {
  expect(changes([101, 101, 101, 101, 101, 101])).toEqual(['10 s: over'])
  expect(changes([100, 100, 100, 100, 100, 100, 100])).toEqual([])
})

test('a peak that ends in between does not count: the time begins anew', () => {
  expect(changes([500, 500, 500, 500, 500, 50, 500, 500, 500, 500, 500])).toEqual([])
})

test('it counts as kept again below nine tenths for as long; what swings around the limit changes nothing', () => {
  const over = [200, 200, 200, 200, 200, 200]
  expect(changes([...over, 95, 95, 101, 95, 95, 95, 95, 95, 95])).toEqual(['10 s: over'])
  expect(changes([...over, 80, 80, 80, 95, 80, 80, 80, 80, 80, 80])).toEqual(['10 s: over', '30 s: within'])
})

test('only the limits that are set are looked at, and amounts have their unit', () => {
  const limits = { memory: 500 * 1024 ** 2, cpu: null, processes: 3, openFiles: null, forMs: 1_000 }
  expect(limitsOf(limits)).toEqual([
    { what: 'memory', most: 500 * 1024 ** 2 },
    { what: 'processes', most: 3 },
  ])
  expect(limitsOf(null)).toEqual([])
  expect(amountWords('memory', 1536 * 1024 ** 2)).toBe('1.5 GB of memory')
  expect(amountWords('cpu', 151.4)).toBe('151 % of one core')
  expect(amountWords('open-files', 1)).toBe('1 open file')
})
