import { expect, test } from 'vitest'
import { siteTime } from '../../../components/site-time.ts'
import type { EventSpan } from './event-span.ts'
import { aboutWords, placeWords } from './scrubber-words.ts'
import { timeScale } from './time-scale.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 0, 5, 8)
const format = siteTime('UTC')

/** Ten events in each of four hours, of which so many match. */
function spanOf(matching: readonly number[], countedFrom: number | null): EventSpan {
  const buckets = matching.flatMap((count, index) => {
    const [firstSeq, lastSeq] = [index * 10 + 1, index * 10 + 10]
    return count === 0 ? [] : [{ at: start + index * hour, firstSeq, lastSeq, counts: [count, 0, 0, 0, 0] }]
  })
  const total = matching.reduce((sum, count) => sum + count, 0)
  return { total, oldest: null, newest: null, bucketMs: hour, buckets, indexedTo: 40, countedFrom }
}

test('under a filter a place that the count did not reach is not said to be empty', () => {
  const scale = timeScale(spanOf([10, 10, 10, 10], null), 400)
  const partial = spanOf([0, 0, 2, 3], 25)
  const at = (x: number) => placeWords(scale, x, partial, format).split(' · ').slice(1).join()
  expect(at(50)).toBe('not counted')
  expect(at(250)).toBe('at least 2 events')
  expect(at(350)).toBe('3 events')
  const whole = spanOf([0, 0, 2, 3], null)
  expect(placeWords(scale, 50, whole, format)).toContain('0 events')
  expect(aboutWords({ from: 1, to: 40 }, partial)).toBe('at least 5 events')
  expect(aboutWords({ from: 31, to: 40 }, partial)).toBe('about 3 events')
})
