import { expect, test } from 'vitest'
import { judgeCrash } from './crash-limit.ts'

test('three crashes within a minute load the page again, the fourth does not', () => {
  let crashes: readonly number[] = []
  const verdicts = [0, 10_000, 20_000, 30_000].map((now) => {
    const { reload, remembered } = judgeCrash(crashes, now)
    crashes = remembered
    return reload
  })
  expect(verdicts).toEqual([true, true, true, false])
})

test('crashes that are a minute old are forgotten', () => {
  expect(judgeCrash([0, 1_000, 2_000], 62_500)).toEqual({ reload: true, remembered: [62_500] })
})
