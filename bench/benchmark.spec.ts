import { expect, test } from 'vitest'
import { judge, median, quantile } from './benchmark.ts'

test('a ratio below its bar is not met, one at the bar is', () => {
  expect(judge({ what: 'ratio', value: 0.89, unit: 'x', bar: { atLeast: 0.9 } })).toMatchObject({
    bar: '>= 0.9',
    ok: false,
  })
  expect(judge({ what: 'ratio', value: 0.9, unit: 'x', bar: { atLeast: 0.9 } }).ok).toBe(true)
})

test('a time above its bar is not met', () => {
  expect(judge({ what: 'p99', value: 101, unit: 'ms', bar: { atMost: 100 } })).toMatchObject({
    bar: '<= 100',
    ok: false,
  })
})

test('a figure that could not be measured meets no bar', () => {
  expect(judge({ what: 'p99', value: quantile([], 0.99), unit: 'ms', bar: { atMost: 100 } }).ok).toBe(false)
})

test('a figure without a bar is for information', () => {
  expect(judge({ what: 'rows', value: 5, unit: 'rows' })).toEqual({
    what: 'rows',
    value: 5,
    unit: 'rows',
    bar: null,
    ok: true,
  })
})

test('quantiles do not depend on the order of the samples', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(quantile([5, 1, 4, 2, 3], 0.99)).toBe(5)
})
