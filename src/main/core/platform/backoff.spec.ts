import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const backoff = { firstMs: 1_000, factor: 2, capMs: 60_000 }

test('each pause is longer by the factor, up to the cap and never above it', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 500, 5_000].map((attempt) => backoffMs(backoff, attempt, 0))
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
})

test('chance shortens a pause by at most a fifth', () => {
  expect(backoffMs(backoff, 3, 0.5)).toBe(3_600)
  expect(backoffMs(backoff, 3, 0.999_999)).toBe(3_200)
})
