import { expect, test } from 'vitest'
import { sizeInWords } from './size-words.ts'

test('sizes are told in the unit that a person reads, however small a snapshot is', () => {
  expect([0, 999, 1_000, 27_300, 1_440_000, 9_960_000, 3e12, 5e15].map(sizeInWords)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '27 kB',
    '1.4 MB',
    '10 MB',
    '3.0 TB',
    '5000 TB',
  ])
})
