import { expect, test } from 'vitest'
import { ago, bytes, count, counted, duration, percent, perSecond } from './figures.ts'

test('bytes are shown with three digits at most and their unit', () => {
  expect([0, 999, 1_000, 12_345, 999_600, 5_100_000_000].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '12 kB',
    '1.0 MB',
    '5.1 GB',
  ])
})

test('counts are grouped by thin spaces, and one is not many', () => {
  expect(count(184_322)).toBe('184\u202f322')
  expect([counted(0, 'file'), counted(1, 'file'), counted(2, 'process', 'processes')]).toEqual([
    '0 files',
    '1 file',
    '2 processes',
  ])
})

test('rates and shares keep a decimal while they are small', () => {
  expect([perSecond(0), perSecond(0.42), perSecond(214.4)]).toEqual(['0/s', '0.4/s', '214/s'])
  expect([percent(4.21), percent(99.6)]).toEqual(['4.2 %', '100 %'])
})

test('durations have two units at most', () => {
  expect([0, 0.42, 2, 1_400, 59_900, 200_000, 7_500_000, 86_400_000].map(duration)).toEqual([
    '0 ms',
    '0.4 ms',
    '2 ms',
    '1.4 s',
    '59 s',
    '3 min 20 s',
    '2 h 5 min',
    '1 d',
  ])
})

test('an age is one unit, and a clock that is a little ahead makes none negative', () => {
  expect([-500, 999, 4_200, 3 * 3_600_000].map(ago)).toEqual(['just now', 'just now', '4 s ago', '3 h ago'])
})
