import { expect, test } from 'vitest'
import { siteTime } from './site-time.ts'

const at = Date.UTC(2026, 0, 5, 6, 2, 11, 482)

test('a moment of today is a time; another day comes with its date; another year with its year', () => {
  const manila = siteTime('Asia/Manila')
  expect(manila.moment(at, at + 1_000)).toBe('14:02:11')
  expect(manila.moment(at, at + 86_400_000)).toBe('Mon 5 Jan 14:02:11')
  expect(manila.moment(at - 40 * 86_400_000, at)).toBe('26 Nov 2025 14:02:11')
  expect(manila.precise(at)).toBe('14:02:11.482')
})

test('today is the day of the site, not of the viewer', () => {
  const lateInUtc = Date.UTC(2026, 0, 5, 17, 0, 0)
  expect(siteTime('Asia/Manila').moment(at, lateInUtc)).toBe('Mon 5 Jan 14:02:11')
  expect(siteTime('UTC').moment(at, lateInUtc)).toBe('06:02:11')
})

test('the zone is named with its offset at that time of the year', () => {
  expect(siteTime('Asia/Manila').offset(at)).toBe('Asia/Manila (UTC+8)')
  expect(siteTime('Europe/Berlin').offset(at)).toBe('Europe/Berlin (UTC+1)')
  expect(siteTime('Europe/Berlin').offset(Date.UTC(2026, 6, 1))).toBe('Europe/Berlin (UTC+2)')
})

test('a zone that does not exist is shown as UTC instead of failing the page', () => {
  expect(siteTime('Mars/Olympus').zone).toBe('UTC')
})

test('the parts of a moment stand alone: time, day, and how far the zone is ahead', () => {
  const berlin = siteTime('Europe/Berlin')
  expect([berlin.clock(at), berlin.minute(at), berlin.day(at), berlin.shortDay(at)]).toEqual([
    '07:02:11',
    '07:02',
    'Mon 5 Jan 2026',
    '5 Jan',
  ])
  expect(berlin.offsetMs(at)).toBe(3_600_000)
  expect(berlin.offsetMs(Date.UTC(2026, 6, 1))).toBe(7_200_000)
  expect(siteTime('America/St_Johns').offsetMs(at)).toBe(-12_600_000)
})
