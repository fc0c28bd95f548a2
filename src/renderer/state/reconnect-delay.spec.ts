import { expect, test } from 'vitest'
import { reconnectDelay } from './reconnect-delay.ts'

test('the pause doubles from 400 ms and never exceeds ten seconds', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => reconnectDelay(attempt, 1))).toEqual([
    400, 800, 1_600, 3_200, 6_400, 10_000, 10_000,
  ])
})

test('chance spreads it between half and all, so that windows do not knock in step', () => {
  expect(reconnectDelay(3, 0)).toBe(800)
  expect(reconnectDelay(3, 0.5)).toBe(1_200)
})
