import { expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Ticker } from './ticker.ts'

test('the time is the same however often it is asked for within a second, so that drawing it comes to an end', async () => {
  const clock = new ManualClock(1_000_250)
  const ticker = new Ticker(clock)
  expect(ticker.now).toBe(1_000_000)
  await clock.advance(700)
  expect(ticker.now).toBe(1_000_000)
  await clock.advance(50)
  expect(ticker.now).toBe(1_001_000)
})

test('listeners are told once a second, on the second, and nothing ticks while nobody listens', async () => {
  const clock = new ManualClock(1_000_250)
  const ticker = new Ticker(clock)
  const told: number[] = []
  const stop = ticker.onTick(() => told.push(ticker.now))
  await clock.advance(2_000)
  expect(told).toEqual([1_001_000, 1_002_000])
  stop()
  expect(clock.waiting).toBe(0)
})
