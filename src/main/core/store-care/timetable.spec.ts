import { expect, test } from 'vitest'
import type { DatabaseCopy } from '#core/store/index.ts'
import { checkEveryMs, checkIsDue, copyEveryMs, copyIsDue } from './timetable.ts'

const now = Date.UTC(2026, 0, 5, 8)
const copy = (ago: number, reason: DatabaseCopy['reason'] = 'scheduled'): DatabaseCopy => ({
  database: 'control',
  reason,
  at: now - ago,
  file: 'some.db',
})

test('control is copied every six hours, messages every day, whatever other copies were taken meanwhile', () => {
  expect(copyIsDue('control', [], now)).toBe(true)
  expect(copyIsDue('control', [copy(copyEveryMs.control - 1)], now)).toBe(false)
  expect(copyIsDue('control', [copy(0, 'by-operator'), copy(copyEveryMs.control)], now)).toBe(true)
  expect(copyIsDue('messages', [copy(copyEveryMs.control)], now)).toBe(false)
  expect(copyIsDue('messages', [copy(copyEveryMs.messages)], now)).toBe(true)
})

test('a copy from the future, of a clock that was set back, does not put off the next one', () => {
  expect(copyIsDue('control', [copy(-365 * 24 * 3_600_000)], now)).toBe(true)
})

test('a full check is due a week after the last one, also when the clock was set back meanwhile', () => {
  const last = { at: now, seenMs: 5_000, kind: 'full', ok: true, note: '' } as const
  expect(checkIsDue(last, 0, now + checkEveryMs - 1, 5_000 + checkEveryMs - 1)).toBe(false)
  expect(checkIsDue(last, 0, now + checkEveryMs, 5_000 + checkEveryMs)).toBe(true)
  expect(checkIsDue(last, 0, now - 1_000_000_000, 5_000 + checkEveryMs)).toBe(true)
  expect(checkIsDue(null, now, now + 1_000, 1_000)).toBe(false)
})
