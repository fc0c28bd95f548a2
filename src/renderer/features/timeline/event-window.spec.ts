import { expect, test } from 'vitest'
import { sampleEvents } from '../../testing/sample-events.ts'
import { covers, emptyWindow, merged, withNewest } from './event-window.ts'

const newestFirst = sampleEvents(0).toReversed()

test('pages and live events become one list, newest first, each once', () => {
  const list = merged(newestFirst.slice(10, 30), [...newestFirst.slice(0, 12).reverse(), ...newestFirst.slice(28, 32)])
  expect(list.map((event) => event.seq)).toEqual(Array.from({ length: 32 }, (_, index) => 240 - index))
})

test('the newest page joins what is shown when it reaches it, and replaces it when it does not', () => {
  const shown = { events: newestFirst.slice(50, 90), newerFrom: 190, olderFrom: 151 }
  const far = { events: newestFirst.slice(0, 20), more: true, reached: 221 }
  expect(withNewest(shown, far)).toEqual({ events: far.events, newerFrom: null, olderFrom: 221 })
  const near = { events: newestFirst.slice(0, 60), more: true, reached: 181 }
  expect(withNewest(shown, near)).toEqual({ events: newestFirst.slice(0, 90), newerFrom: null, olderFrom: 151 })
})

test('a place is covered within what was read, also where the filter lets nothing through', () => {
  const shown = { events: newestFirst.slice(50, 90), newerFrom: 195, olderFrom: 140 }
  expect([139, 140, 150, 170, 195, 196].map((seq) => covers(shown, seq))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ])
  expect(covers({ ...shown, newerFrom: null, olderFrom: null }, 9_999)).toBe(true)
  expect(covers(emptyWindow, 1)).toBe(false)
})
