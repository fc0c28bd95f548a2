import { expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { watchProbe } from './probe-watch.ts'

const check = { type: 'tcp', address: '127.0.0.1:1' } as const
const rules = { delayMs: 0, everyMs: 1_000, timeoutMs: 200, failures: 2, successes: 1 }

test('the first try is immediate, the next ones follow at their interval, and none after disposal', async () => {
  const clock = new ManualClock()
  const at: number[] = []
  const watch = watchProbe({
    check,
    rules,
    clock,
    run: async () => {
      at.push(clock.monotonic())
      return { ok: true, sentence: 'fine', ms: 0 }
    },
    onAnswer: () => {},
  })
  expect(at).toEqual([0])
  await clock.advance(2_500)
  expect(at).toEqual([0, 1_000, 2_000])
  watch[Symbol.dispose]()
  await clock.advance(5_000)
  expect(at).toHaveLength(3)
  expect(clock.waiting).toBe(0)
})

test('a probe with a delay is first tried after it, and not at all when it is ended before', async () => {
  const clock = new ManualClock()
  const at: number[] = []
  const begin = () =>
    watchProbe({
      check,
      rules: { ...rules, delayMs: 3_000 },
      clock,
      run: async () => {
        at.push(clock.monotonic())
        return { ok: true, sentence: 'fine', ms: 0 }
      },
      onAnswer: () => {},
    })
  begin()[Symbol.dispose]()
  using _watch = begin()
  await clock.advance(4_500)
  expect(at).toEqual([3_000, 4_000])
})

test('a service that is waited for is tried again as soon as a tenth more time has passed, and then at the interval', async () => {
  const clock = new ManualClock()
  const at: number[] = []
  using _watch = watchProbe({
    check,
    rules: { ...rules, failures: 1 },
    clock,
    promptly: { expectedMs: null },
    run: async () => {
      at.push(clock.monotonic())
      return { ok: clock.monotonic() >= 3_000, sentence: '', ms: 0 }
    },
    onAnswer: () => {},
  })
  await clock.advance(3_000)
  expect(at.slice(0, 4)).toEqual([0, 20, 40, 60])
  for (const time of at.slice(12)) expect((at[at.indexOf(time) - 1] ?? 0) * 1.1).toBeGreaterThanOrEqual(time - 1)
  expect(at.length).toBeLessThan(50)
  await clock.advance(3_000)
  expect(at.filter((time) => time > 3_350)).toHaveLength(2)
})

test('where it is known when a service will be up it is asked often about then, and found within a fortieth of its time', async () => {
  const clock = new ManualClock()
  const at: number[] = []
  let up: number | undefined
  using _watch = watchProbe({
    check,
    rules: { ...rules, failures: 1 },
    clock,
    promptly: { expectedMs: 600 },
    run: async () => {
      at.push(clock.monotonic())
      return { ok: clock.monotonic() >= 603, sentence: '', ms: 0 }
    },
    onAnswer: ({ verdict }) => {
      if (verdict === 'passing') up ??= clock.monotonic()
    },
  })
  await clock.advance(1_000)
  expect(up).toBeGreaterThanOrEqual(603)
  expect(up).toBeLessThanOrEqual(618)
  expect(at.filter((time) => time < 480).length).toBeLessThan(13)
  expect(at.filter((time) => time >= 480 && time <= 603).length).toBeGreaterThan(6)
})

test('one that is up long before it was expected is found within half of its time', async () => {
  const clock = new ManualClock()
  let up: number | undefined
  using _watch = watchProbe({
    check,
    rules: { ...rules, failures: 1, everyMs: 5_000 },
    clock,
    promptly: { expectedMs: 30_000 },
    run: async () => ({ ok: clock.monotonic() >= 900, sentence: '', ms: 0 }),
    onAnswer: ({ verdict }) => {
      if (verdict === 'passing') up ??= clock.monotonic()
    },
  })
  await clock.advance(2_000)
  expect(up).toBeLessThanOrEqual(1_350)
})

test('a try that takes longer than the interval is not overtaken, and its answer after disposal is not told', async () => {
  const clock = new ManualClock()
  let running = 0
  let most = 0
  const told: string[] = []
  const watch = watchProbe({
    check,
    rules,
    clock,
    run: async (_check, _timeout, signal) => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => {
        clock.after(2_500, resolve)
        signal.addEventListener('abort', () => resolve())
      })
      running--
      return { ok: true, sentence: 'late', ms: 2_500 }
    },
    onAnswer: (state) => told.push(state.verdict),
  })
  await clock.advance(5_100)
  expect({ most, told }).toEqual({ most: 1, told: ['passing', 'passing'] })
  watch[Symbol.dispose]()
  await clock.advance(10_000)
  expect(told).toHaveLength(2)
})
