import { expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { mostHeldBytes, mostLimitedKeys, RateLimit } from './rate-limit.ts'

interface Passed {
  readonly key: string
  readonly n: number
  readonly at: number
}

function limited(count: number, perMs: number, clock = new ManualClock()) {
  const passed: Passed[] = []
  const pass = (key: string, n: number) => passed.push({ key, n, at: clock.monotonic() })
  const limit = new RateLimit<{ key: string; n: number }>({ rate: { count, perMs } }, clock, ({ key, n }) =>
    pass(key, n),
  )
  /** As a route does that keeps the latest. True when an older one was given up for it. */
  const offer = (key: string, n: number, bytes = 1): boolean => {
    if (!limit.admit(key)) return limit.hold(key, { key, n }, bytes)
    pass(key, n)
    return false
  }
  return { clock, limit, passed, offer, when: () => passed.map(({ n, at }) => [n, at]) }
}

test('so many pass at once, then one each time its share of the period has gone by, never on a tick', async () => {
  const { clock, offer, when, limit } = limited(3, 1_000)
  for (let n = 1; n <= 5; n++) offer('a', n)
  expect(when()).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
  ])
  await clock.advance(1_000 / 3 + 1)
  expect(when().slice(3)).toEqual([[5, 334]])
  await clock.advance(10_000)
  for (let n = 6; n <= 8; n++) offer('a', n)
  expect(
    when()
      .slice(4)
      .map(([, at]) => at),
  ).toEqual(Array.from({ length: 3 }, () => clock.monotonic()))
  limit[Symbol.dispose]()
})

test('what was held goes before what comes after it, also when its timer is late', async () => {
  const { clock, offer, when } = limited(1, 100)
  offer('a', 1)
  offer('a', 2)
  const late = new ManualClock()
  const slow = limited(1, 100, Object.assign(late, { after: () => ({ [Symbol.dispose]() {} }) }))
  slow.offer('a', 1)
  slow.offer('a', 2)
  await late.advance(250)
  slow.offer('a', 3)
  expect(slow.when()).toEqual([
    [1, 0],
    [2, 250],
    [3, 250],
  ])
  await clock.advance(100)
  offer('a', 3)
  expect(when()).toEqual([
    [1, 0],
    [2, 100],
  ])
})

test('over random traffic it decides as a bucket of tokens does, gives each key its newest, and loses count of none', async () => {
  const random = seeded(11)
  for (let round = 0; round < 30; round++) {
    const count = 1 + Math.floor(random() * 5)
    const perMs = [40, 100, 333, 1_000][Math.floor(random() * 4)] ?? 100
    const { clock, offer, limit, passed } = limited(count, perMs)
    const newest = new Map<string, number>()
    let [offered, givenUp] = [0, 0]
    for (let n = 0; n < 200; n++) {
      const key = `k${Math.floor(random() * 3)}`
      if (offer(key, n)) givenUp++
      newest.set(key, n)
      offered++
      expect(passed.length + limit.held + givenUp).toBe(offered)
      if (random() < 0.4) await clock.advance(Math.floor(random() * perMs))
    }
    await clock.advance(perMs + 1)
    expect(limit.held).toBe(0)
    expect(clock.waiting).toBe(0)
    for (const [key, n] of newest) {
      const own = passed.filter((one) => one.key === key)
      expect(own.at(-1)?.n).toBe(n)
      expect(own.map((one) => one.n)).toEqual(own.map((one) => one.n).sort((a, b) => a - b))
      expectWithinBucket(own, count, perMs)
    }
  }
})

test('it keeps to a bound of keys: the one that was quiet longest is forgotten, and what it held goes at once', () => {
  const { offer, limit, passed, clock } = limited(1, 1_000)
  offer('quiet', 1)
  offer('quiet', 2)
  for (let n = 0; n < mostLimitedKeys - 1; n++) offer(`k${n}`, n)
  expect(limit.held).toBe(1)
  offer('one more', 3)
  expect(limit.held).toBe(0)
  expect(passed.slice(-2)).toEqual([
    { key: 'quiet', n: 2, at: 0 },
    { key: 'one more', n: 3, at: 0 },
  ])
  limit.flush()
  expect(clock.waiting).toBe(0)
})

test('it keeps to a bound of bytes: beyond it what is due first goes at once', async () => {
  const { offer, limit, passed, clock } = limited(1, 1_000)
  for (const key of ['a', 'b', 'c']) {
    offer(key, 1)
    offer(key, 2, mostHeldBytes / 2)
    await clock.advance(1)
  }
  expect(passed.map(({ key, n }) => `${key}${n}`)).toEqual(['a1', 'b1', 'c1', 'a2'])
  offer('b', 3, mostHeldBytes)
  expect(passed.slice(4)).toMatchObject([{ key: 'b', n: 3 }])
  expect(limit.held).toBe(1)
  limit.flush()
  expect(clock.waiting).toBe(0)
})

test('what goes early holds up what comes after it by one allowance at most', async () => {
  const { offer, passed, clock } = limited(2, 10_000)
  for (let n = 0; n < 60; n++) offer('a', n, mostHeldBytes + 1)
  expect(passed).toHaveLength(60)
  offer('a', 60)
  await clock.advance(5_000)
  expect(passed.at(-1)).toEqual({ key: 'a', n: 60, at: 5_000 })
})

test('flush lets all go, the longest due first', () => {
  const { offer, limit, passed } = limited(1, 1_000)
  for (const key of ['a', 'b']) for (const n of [1, 2, 3]) offer(key, n)
  limit.flush()
  expect(passed.map(({ key, n }) => `${key}${n}`)).toEqual(['a1', 'b1', 'a3', 'b3'])
})

/** The reference: a bucket of `count` tokens that fills evenly over the period, from which every message takes one. */
function expectWithinBucket(passed: readonly Passed[], count: number, perMs: number): void {
  let [tokens, at] = [count, 0]
  for (const one of passed) {
    tokens = Math.min(count, tokens + ((one.at - at) * count) / perMs)
    at = one.at
    // A timer goes off on the next whole millisecond, and what it lets go counts from when it was due.
    expect(tokens, `message ${one.n}`).toBeGreaterThan(1 - count / perMs - 1e-6)
    tokens -= 1
  }
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
