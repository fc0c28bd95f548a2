import { expect, test } from 'vitest'
import { parseRate } from './rate.ts'

test.each([
  ['5/s', { count: 5, perMs: 1_000 }],
  ['30/m', { count: 30, perMs: 60_000 }],
  ['1/10s', { count: 1, perMs: 10_000 }],
  ['2/1.5h', { count: 2, perMs: 5_400_000 }],
  ['1/1d', { count: 1, perMs: 86_400_000 }],
])('%s is a rate', (text, rate) => expect(parseRate(text)).toEqual(rate))

test.each(['', '5', '/s', '0/s', '-1/s', '1.5/s', '5/0s', '5/0.5ms', '5/2d', '5/x', '5/s ', '1000000/s', '5/ms/s'])(
  '“%s” is none',
  (text) => expect(parseRate(text)).toBeUndefined(),
)
