import { expect, test } from 'vitest'
import { hexDump, prettyJson } from './payload-views.ts'

test('JSON is indented; what is none is left alone', () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}')
  expect(prettyJson('{"a":')).toBeNull()
  expect(prettyJson('hello')).toBeNull()
})

test('bytes are shown sixteen a line with their place and characters', () => {
  expect(hexDump('0011ff41', 'hex')).toBe(`0000  ${'00 11 ff 41'.padEnd(47)}  ...A`)
  const long = hexDump('abcdefghijklmnopq', 'utf8').split('\n')
  expect(long).toHaveLength(2)
  expect(long[1]).toMatch(/^0010 {2}71 /)
})

test('a character of several bytes is shown as its bytes', () => {
  expect(hexDump('é', 'utf8')).toContain('c3 a9')
})
