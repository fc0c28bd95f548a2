import { expect, test } from 'vitest'
import type { PolicyDefinition } from '#core/config/index.ts'
import { dayMs, decide, type Facts, type PastAttempt } from './decide.ts'

const minute = 60_000

const policy = (more: Partial<PolicyDefinition> = {}): PolicyDefinition => ({
  id: 'revive',
  title: 'Revive',
  on: true,
  shipped: false,
  when: { kind: 'health', is: 'unhealthy', of: 'all' },
  forMs: 30_000,
  steps: [{ action: 'restart' }, { action: 'restart-with-dependents' }, { action: 'call-operator' }],
  backoff: { firstMs: 10_000, factor: 2, capMs: 60_000 },
  perDay: 5,
  coolDownMs: 5 * minute,
  ...more,
})

const facts = (more: Partial<Facts> = {}): Facts => ({ since: 0, well: false, held: null, busy: false, ...more })

const attempt = (begun: number, step: number, more: Partial<PastAttempt> = {}): PastAttempt => ({
  begun,
  ended: begun + 1_000,
  step,
  counts: true,
  over: false,
  ...more,
})

test('nothing is done before the condition has held for its time without a break', () => {
  expect(decide(policy(), facts({ since: null }), [], 0)).toEqual({ do: 'rest', state: 'armed' })
  expect(decide(policy(), facts(), [], 29_999)).toEqual({ do: 'wait', state: 'waiting', until: 30_000 })
  expect(decide(policy(), facts(), [], 30_000)).toEqual({ do: 'act', step: 0 })
})

test('steps are climbed in order, with growing pauses between them in which the condition may pass', () => {
  const one = [attempt(30_000, 0)]
  expect(decide(policy(), facts(), one, 40_999)).toEqual({ do: 'wait', state: 'pausing', until: 41_000 })
  expect(decide(policy(), facts(), one, 41_000)).toEqual({ do: 'act', step: 1 })
  const two = [...one, attempt(41_000, 1)]
  expect(decide(policy(), facts(), two, 42_000)).toEqual({ do: 'wait', state: 'pausing', until: 62_000 })
  expect(decide(policy(), facts(), two, 62_000)).toEqual({ do: 'act', step: 2 })
})

test('after the last step it gives up until it has cooled down, and then climbs again', () => {
  const all = [attempt(0, 0), attempt(10_000, 1), attempt(20_000, 2, { counts: false })]
  const until = 21_000 + 5 * minute
  expect(decide(policy(), facts(), all, 60_000)).toEqual({ do: 'give-up', state: 'climbed', until })
  expect(decide(policy(), facts(), all, until)).toEqual({ do: 'act', step: 0 })
})

test('a step that found nothing to do is followed by the next at once, and a ladder of them is climbed once and says nothing', () => {
  const idle = attempt(30_000, 0, { counts: false })
  expect(decide(policy(), facts(), [idle], 31_000)).toEqual({ do: 'act', step: 1 })
  const only = policy({ steps: [{ action: 'reset-corrupt', paths: ['data/state'] }] })
  expect(decide(only, facts(), [idle], 10 * dayMs)).toEqual({ do: 'give-up', state: 'idle', until: null })
})

test('a trouble that is over is closed only when the opposite is sure; then the next one begins the ladder after a cool-down', () => {
  const open = [attempt(0, 0)]
  expect(decide(policy(), facts({ since: null }), open, minute)).toEqual({ do: 'rest', state: 'armed' })
  expect(decide(policy(), facts({ since: null, well: true }), open, minute)).toEqual({ do: 'close' })
  const closed = [attempt(0, 1, { over: true })]
  const until = 1_000 + 5 * minute
  expect(decide(policy(), facts({ since: null, well: true }), closed, minute)).toEqual({
    do: 'rest',
    state: 'cooling-down',
    until,
  })
  expect(decide(policy(), facts(), closed, minute)).toEqual({ do: 'wait', state: 'cooling-down', until })
  expect(decide(policy(), facts(), closed, until)).toEqual({ do: 'act', step: 0 })
})

test('no more is done within 24 hours than the day allows; the oldest attempt frees a place when it is a day old', () => {
  const used = [0, 1, 2, 3, 4].map((each) => attempt(each * minute, 0, { over: true }))
  const now = 60 * minute
  expect(decide(policy(), facts(), used, now)).toEqual({ do: 'give-up', state: 'used-up', until: dayMs })
  expect(decide(policy(), facts(), used, dayMs)).toEqual({ do: 'act', step: 0 })
  const uncounted = used.map((each) => ({ ...each, counts: false }))
  expect(decide(policy(), facts(), uncounted, now).do).toBe('act')
})

test('while something holds it back or the subject is being worked on nothing is done, and it says which', () => {
  expect(decide(policy(), facts({ held: 'maintenance' }), [], minute)).toEqual({ do: 'hold', why: 'maintenance' })
  expect(decide(policy(), facts({ busy: true, held: 'maintenance' }), [], minute)).toEqual({ do: 'yield' })
  expect(decide(policy(), facts({ held: 'maintenance' }), [], 1_000).do).toBe('wait')
})
