import { expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import type { Drill } from './drill-list.ts'
import { DrillSchedule } from './schedule.ts'

const hour = 3_600_000
const hourly: Drill = {
  id: 'hourly',
  title: 'Kill api',
  do: 'kill',
  service: 'api',
  declared: true,
  schedule: '0 * * * *',
  withinMs: 1_000,
}

function scheduled(clock: ManualClock) {
  const seen = { done: [] as number[], skipped: [] as string[], refusal: null as string | null }
  const schedule = new DrillSchedule({
    clock,
    zone: () => 'UTC',
    drills: () => [hourly, { ...hourly, id: 'on-request', schedule: null }],
    run: async () => {
      if (seen.refusal !== null) throw new Error(seen.refusal)
      seen.done.push(clock.wall())
    },
    skipped: (_drill, why) => seen.skipped.push(why),
  })
  return { schedule, seen }
}

/** Time that passes in small steps, as it does. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20_000) await clock.advance(20_000)
}

test('a drill is done at its dates, once each; one without a schedule never', async () => {
  const clock = new ManualClock()
  const { schedule, seen } = scheduled(clock)
  await pass(clock, 3 * hour)
  expect(seen.done).toHaveLength(3)
  for (const at of seen.done) expect(at % hour).toBeLessThan(60_000)
  expect(schedule.nextAt(hourly)).toBeGreaterThan(clock.wall())
  schedule[Symbol.dispose]()
  await pass(clock, 2 * hour)
  expect(seen.done).toHaveLength(3)
})

test('what cannot be done at its date is tried again, done when it can be, and skipped after an hour', async () => {
  const clock = new ManualClock()
  const { schedule, seen } = scheduled(clock)
  seen.refusal = 'a job runs'
  await pass(clock, 1.5 * hour)
  seen.refusal = null
  await pass(clock, 60_000)
  expect(seen.done).toHaveLength(1)
  seen.refusal = 'maintenance is on'
  await pass(clock, 2.5 * hour)
  expect(seen.skipped.length).toBeGreaterThanOrEqual(1)
  expect(seen.skipped[0]).toContain('maintenance')
  expect(seen.done).toHaveLength(1)
  schedule[Symbol.dispose]()
})

test('a date that a clock jumped over is not made up for, and a clock that was set back does not stop it', async () => {
  const clock = new ManualClock()
  const { schedule, seen } = scheduled(clock)
  await pass(clock, 60_000)
  clock.jumpWall(100 * hour)
  await pass(clock, 60_000)
  expect(seen.done).toEqual([])
  expect(seen.skipped).toHaveLength(1)
  clock.jumpWall(-300 * hour)
  await pass(clock, 2 * hour)
  expect(seen.done).toHaveLength(2)
  schedule[Symbol.dispose]()
})
