import { expect, it } from 'vitest'
import { lineDifference } from './line-difference.ts'

const told = (before: string, after: string) => lineDifference(before, after).map(({ sign, text }) => sign + text)

it('tells the lines that go and come, and none that stay', () => {
  expect(told('a\nb\nc\nd', 'a\nc\nx\nd')).toEqual(['-b', '+x'])
  expect(told('same', 'same')).toEqual([])
  expect(told('', 'a\nb')).toEqual(['-', '+a', '+b'])
})

it('turns one text into the other when it is applied', () => {
  const before = 'one\ntwo\nthree\ntwo\nfive'
  const after = 'two\nthree\nfour\ntwo\nfive\nsix'
  const lines = lineDifference(before, after)
  const count = (text: string, sign: '+' | '-') =>
    lines.filter((line) => line.text === text && line.sign === sign).length
  for (const text of new Set([...before.split('\n'), ...after.split('\n')])) {
    const net =
      after.split('\n').filter((line) => line === text).length -
      before.split('\n').filter((line) => line === text).length
    expect(count(text, '+') - count(text, '-')).toBe(net)
  }
})

it('does not compare without end what is very long', () => {
  const long = (mark: string) => Array.from({ length: 30_000 }, (_, n) => `${mark}${n}`).join('\n')
  expect(lineDifference(long('a'), long('b')).length).toBe(400)
})
