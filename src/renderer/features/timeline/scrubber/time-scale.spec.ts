import { expect, test } from 'vitest'
import { siteTime } from '../../../components/site-time.ts'
import type { EventSpan } from './event-span.ts'
import { axisTicks } from './time-axis.ts'
import { timeScale } from './time-scale.ts'

const hour = 3_600_000
const start = Date.parse('2026-03-02T00:00:00Z')

/** A log with 100 events in each of these hours. */
function spanOf(...hours: readonly number[]): EventSpan {
  const buckets = hours.map((at, index) => ({
    at: start + at * hour,
    firstSeq: index * 100 + 1,
    lastSeq: index * 100 + 100,
    counts: [90, 0, 5, 5, 0],
  }))
  return {
    total: buckets.length * 100,
    oldest: null,
    newest: null,
    bucketMs: hour,
    buckets,
    indexedTo: buckets.length * 100,
    countedFrom: null,
  }
}

test('a short empty time keeps its length, a long one is cut short and said to be empty', () => {
  const short = timeScale(spanOf(0, 1, 4), 500)
  expect(short.stretches).toEqual([{ empty: false, from: start, to: start + 5 * hour, left: 0, right: 500 }])
  expect(short.buckets.map(({ left, right }) => [left, right])).toEqual([
    [0, 100],
    [100, 200],
    [400, 500],
  ])
  const long = timeScale(spanOf(0, 1, 1_000, 1_001), 422)
  expect(long.stretches).toEqual([
    { empty: false, from: start, to: start + 2 * hour, left: 0, right: 200 },
    { empty: true, from: start + 2 * hour, to: start + 1_000 * hour, left: 200, right: 222 },
    { empty: false, from: start + 1_000 * hour, to: start + 1_002 * hour, left: 222, right: 422 },
  ])
})

test('many empty times leave room for what happened', () => {
  const hours = Array.from({ length: 100 }, (_, index) => index * 24)
  const { stretches } = timeScale(spanOf(...hours), 1_000)
  const empty = stretches.filter((stretch) => stretch.empty).reduce((sum, { left, right }) => sum + right - left, 0)
  expect(empty).toBeCloseTo(350)
  expect(stretches.at(-1)?.right).toBeCloseTo(1_000)
})

test('a place leads to a sequence and back, in a busy hour to each of its events; an empty place to the nearest', () => {
  const scale = timeScale(spanOf(0, 1, 1_000), 322)
  expect(scale.seqAt(0)).toBe(1)
  expect(scale.seqAt(100)).toBe(100)
  expect(scale.seqAt(150)).toBe(151)
  expect(scale.xOf({ seq: 151, at: start + hour })).toBeCloseTo(150.5, 0)
  expect(scale.xOfSeq(151)).toBeCloseTo(150.5, 0)
  expect(scale.seqAt(203)).toBe(200)
  expect(scale.seqAt(219)).toBe(201)
  expect(scale.seqAt(9_999)).toBe(300)
})

test('an event whose hour is not counted yet lies at its time, one after the end at the end', () => {
  const scale = timeScale(spanOf(0, 4), 500)
  expect(scale.xOf({ seq: 150, at: start + 2.5 * hour })).toBeCloseTo(250)
  expect(scale.xOf({ seq: 999, at: start + 400 * hour })).toBe(500)
})

test('after the clock was set back, a time holds both passes and every event keeps a place', () => {
  const span = spanOf(0, 1, 2)
  const [first, second, third] = span.buckets
  if (!first || !second || !third) throw new Error('The span has three buckets.')
  const scale = timeScale({ ...span, buckets: [first, { ...second, lastSeq: 400 }, third] }, 300)
  for (const seq of [101, 250, 400]) {
    expect(scale.xOf({ seq, at: second.at })).toBeGreaterThanOrEqual(100)
    expect(scale.xOf({ seq, at: second.at })).toBeLessThanOrEqual(200)
  }
})

test('the axis has round times of the zone, the day where it changes, and where an empty time ends', () => {
  const format = siteTime('Asia/Manila')
  const hours = Array.from({ length: 24 }, (_, index) => index)
  const ticks = axisTicks(timeScale(spanOf(...hours, 1_000), 1_222), format)
  expect(ticks.map(({ label }) => label)).toEqual([
    ...['2 Mar 08:00', '12:00', '15:00', '18:00', '21:00'],
    ...['3 Mar', '03:00', '06:00', '13 Apr'],
  ])
})

test('no time is written inside a bucket, where the place goes by sequence', () => {
  const ticks = axisTicks(timeScale(spanOf(0), 1_000), siteTime('UTC'))
  expect(ticks.map(({ label }) => label)).toEqual(['2 Mar'])
})
