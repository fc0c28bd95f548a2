import { expect, test } from 'vitest'
import type { EventSpan } from './event-span.ts'
import { barMarks, spanBars } from './span-bars.ts'
import { timeScale } from './time-scale.ts'

function spanOf(...counts: readonly (readonly number[])[]): EventSpan {
  const buckets = counts.map((each, index) => ({
    at: index * 1_000,
    firstSeq: index + 1,
    lastSeq: index + 1,
    counts: [...each],
  }))
  return { total: 0, oldest: null, newest: null, bucketMs: 1_000, buckets, indexedTo: 0, countedFrom: null }
}

test('bars are stacked by severity; one grave event among very many can still be seen', () => {
  const span = spanOf([90_000, 9_999, 0, 0, 1], [25_000, 0, 0, 0, 0])
  const bars = spanBars(span, timeScale(span, 20), 40)
  expect(bars.most).toBe(100_000)
  expect(bars.quiet).toBe('M0 40V2.5h9V40zM10 40V20h9V40z')
  expect(bars.severe).toBe('M0 2.5V0h9V2.5z')
})

test('marks say where it was grave, the gravest where there is no room for all', () => {
  const span = spanOf([5, 0, 1, 0, 0], [5, 0, 0, 1, 0], [5, 0, 0, 0, 0], [5, 0, 1, 0, 0])
  expect(barMarks(span, timeScale(span, 24), 12)).toEqual([
    { x: 6, grade: 'severe' },
    { x: 18, grade: 'warning' },
  ])
  const bad = spanOf(
    ...Array.from({ length: 200 }, (_, index) => [0, 0, 0, index === 77 ? 0 : 1, index === 150 ? 9 : 0]),
  )
  const marks = barMarks(bad, timeScale(bad, 2_400), 12)
  expect(marks).toHaveLength(30)
  expect(marks[0]).toEqual({ x: 150.5 * 12, grade: 'severe' })
})
