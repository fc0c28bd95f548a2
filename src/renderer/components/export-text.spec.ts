import { expect, test } from 'vitest'
import { csv } from './export-text.ts'

test('commas, quotes and line ends within a value survive in comma-separated values', () => {
  expect(
    csv(
      ['id', 'note'],
      [
        ['a', 'one, "two"\nthree'],
        ['b', null],
      ],
    ),
  ).toBe('id,note\r\na,"one, ""two""\nthree"\r\nb,')
})
