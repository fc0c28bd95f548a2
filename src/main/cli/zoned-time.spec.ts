import { expect, test } from 'vitest'
import { zonedTime } from './zoned-time.ts'

const iso = (text: string, zone = 'Asia/Manila') => new Date(zonedTime(text, zone)).toISOString()

test('a time without a zone is meant in the zone of the site, one with a zone as it says', () => {
  expect(iso('2026-01-05 16:30')).toBe('2026-01-05T08:30:00.000Z')
  expect(iso('2026-01-05')).toBe('2026-01-04T16:00:00.000Z')
  expect(iso('2026-01-05T16:30:05')).toBe('2026-01-05T08:30:05.000Z')
  expect(iso('2026-01-05T16:30:05.250Z')).toBe('2026-01-05T16:30:05.250Z')
  expect(iso('2026-01-05 16:30+02:00')).toBe('2026-01-05T14:30:00.000Z')
})

test('where the clocks change, a time that comes twice is the first, and one that does not come counts on', () => {
  expect(iso('2026-03-28 23:30', 'Europe/Berlin')).toBe('2026-03-28T22:30:00.000Z')
  expect(iso('2026-03-29 02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z')
  expect(iso('2026-03-29 12:00', 'Europe/Berlin')).toBe('2026-03-29T10:00:00.000Z')
  expect(iso('2026-10-25 02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z')
  expect(iso('2026-10-25 12:00', 'Europe/Berlin')).toBe('2026-10-25T11:00:00.000Z')
})

test('what is no time is refused with an example', () => {
  for (const text of ['', 'yesterday', '2026-02-30', '2026-13-01', '16:30', '2026-01-05 25:00']) {
    expect(() => zonedTime(text, 'UTC'), text).toThrow('is no time')
  }
})
