import { expect, test } from 'vitest'
import { bytes, counted, jsonText, moment, shortened, table, withoutControls } from './words.ts'

test('columns are aligned, numbers to the right, and no line ends in blanks', () => {
  expect(
    table(
      ['NAME', 'SIZE', 'NOTE'],
      [
        ['api', '5', ''],
        ['desk-units', '1200', 'x'],
      ],
      ['SIZE'],
    ),
  ).toBe(['NAME        SIZE  NOTE', 'api            5', 'desk-units  1200  x'].join('\n'))
})

test('bytes are told in the unit that a person reads', () => {
  expect([0, 999, 1_000, 9_900, 10_000, 62_000_000, 1_500_000_000].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '62 MB',
    '1.5 GB',
  ])
  expect(bytes(null)).toBe('–')
})

test('moments are told in the site’s zone', () => {
  expect(moment(Date.UTC(2026, 0, 5, 20, 30), 'Asia/Manila')).toBe('2026-01-06 04:30:00')
})

test('one is one', () => {
  expect([counted(0, 'service'), counted(1, 'service'), counted(2, 'process', 'processes')]).toEqual([
    '0 services',
    '1 service',
    '2 processes',
  ])
})

test('what is too long for a table ends in dots', () => {
  expect(shortened('held by another', 8)).toBe('held by…')
  expect(shortened('held', 8)).toBe('held')
})

test('what a device or a service sent cannot steer the terminal, and JSON says the same as before', () => {
  expect(withoutControls('a\tb\r\nc\u001b[2J\u009b\u007f\rd\u0000')).toBe('a\tb\r\nc\uFFFD[2J\uFFFD\uFFFD\uFFFDd\uFFFD')
  const odd = { text: '\u001b[2J\u009b\u007f\u00a0ü\n' }
  const text = jsonText(odd, 2)
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  expect(JSON.parse(text)).toEqual(odd)
})
