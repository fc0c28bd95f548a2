import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { metricCheck, pushedCheck } from './pushed-check.ts'
import { Pushes } from './pushes/pushes.ts'
import type { PushedFacts } from './types.ts'

async function at(ms: number): Promise<ManualClock> {
  const clock = new ManualClock()
  await clock.advance(ms)
  return clock
}

const facts = (clock: ManualClock, given: Partial<ReturnType<PushedFacts['latest']> & object> = {}): PushedFacts => {
  const from = clock.wall()
  return {
    latest: () => ({ at: from, health: null, sentence: null, ...given }),
    figure: (name) => (name === 'fps' ? { value: 24.5, at: from } : null),
  }
}

test('a push that is new enough passes, whatever degraded health it tells; unhealthy and old ones do not', async () => {
  const clock = await at(1_000)
  const check = { type: 'pushed', newerMs: 10_000 } as const
  const degraded = facts(clock, { health: 'degraded', sentence: 'One of two cameras.' })
  expect(pushedCheck(check, degraded, clock)).toMatchObject({ ok: true, sentence: expect.stringContaining('cameras') })
  const unhealthy = facts(clock, { health: 'unhealthy', sentence: 'No camera.' })
  expect(pushedCheck(check, unhealthy, clock)).toMatchObject({
    ok: false,
    sentence: 'it calls itself unhealthy: No camera',
  })
  await clock.advance(10_500)
  expect(pushedCheck(check, degraded, clock)).toMatchObject({ ok: false, sentence: 'its last push is 11 s old' })
  const none = { latest: () => null, figure: () => null }
  expect(pushedCheck(check, none, clock)).toMatchObject({ ok: false, sentence: 'it has pushed nothing yet' })
})

test('figures are held against the condition; a missing or old figure does not meet it', async () => {
  const clock = await at(1_000)
  const seen = facts(clock)
  const ask = (condition: string) => metricCheck({ type: 'metric', condition, newerMs: 60_000 }, seen, clock)
  expect(ask('fps > 20')).toMatchObject({ ok: true, sentence: 'fps is 24.5' })
  expect(ask('fps > 30')).toMatchObject({ ok: false, sentence: 'fps is 24.5, wanted fps > 30' })
  expect(ask('fps > 20 && heat < 80')).toMatchObject({ ok: false, sentence: 'it has not pushed heat yet' })
  await clock.advance(61_000)
  expect(ask('fps > 20')).toMatchObject({ ok: false, sentence: 'its last fps is 61 s old' })
})

test('a wall clock that is set makes no push old and keeps none young', async () => {
  const clock = await at(1_000)
  const logger = silentLogger
  await using hub = openStateHub({ clock, logger })
  using pushes = new Pushes({ clock, state: hub.slice('pushed'), logger })
  pushes.take('vision', { health: 'healthy', sentence: null, figures: { fps: 24.5 } })
  const seen = pushes.factsOf('vision')
  const ask = () => [
    pushedCheck({ type: 'pushed', newerMs: 10_000 }, seen, clock).ok,
    metricCheck({ type: 'metric', condition: 'fps > 20', newerMs: 10_000 }, seen, clock).ok,
  ]
  clock.jumpWall(3_600_000) // a machine without a battery hears the time
  expect(ask()).toEqual([true, true])
  clock.jumpWall(-7_200_000)
  await clock.advance(10_500)
  expect(ask()).toEqual([false, false])
})
