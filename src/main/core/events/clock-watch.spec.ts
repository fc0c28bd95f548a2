import { expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { ClockWatch } from './clock-watch.ts'
import type { EventDraft } from './index.ts'

const hour = 3_600_000

function watched(last: number | null = null) {
  const clock = new ManualClock()
  const told: EventDraft[] = []
  const emit = (draft: EventDraft) => {
    told.push(draft)
    return { id: 'ev-1', cause: { type: 'event', id: 'ev-1' } as const }
  }
  return { clock, told, watch: new ClockWatch(clock, { emit }, last) }
}

test('a clock that is put forward or back is told once, as a notice, with both times', async () => {
  const { clock, told, watch } = watched()
  using _watch = watch
  await clock.advance(60_000)
  expect(told).toEqual([])
  const before = clock.wall()
  clock.jumpWall(-24 * hour)
  await clock.advance(60_000)
  expect(told).toMatchObject([
    { kind: 'clock.jumped', severity: 'notice', message: 'The clock went back by 1 day.', data: { byMs: -24 * hour } },
  ])
  expect(Number(told[0]?.data?.from) - before).toBeLessThanOrEqual(10_000)
  clock.jumpWall(3 * hour)
  await clock.advance(60_000)
  expect(told[1]?.message).toContain('went ahead by 3 hours')
  expect(told).toHaveLength(2)
})

test('a clock that is put right slowly is no jump', async () => {
  const { clock, told, watch } = watched()
  using _watch = watch
  for (let n = 0; n < 60; n++) {
    clock.jumpWall(500)
    await clock.advance(10_000)
  }
  expect(told).toEqual([])
})

test('a clock that stands before the newest event was put back while nobody watched', () => {
  const { clock, told, watch } = watched(new ManualClock().wall() + 2 * hour)
  watch[Symbol.dispose]()
  expect(told).toMatchObject([{ message: 'The clock went back by 2 hours.', data: { to: clock.wall() } }])
  expect(clock.waiting).toBe(0)
})
