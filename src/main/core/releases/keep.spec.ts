import { expect, test } from 'vitest'
import { type Keepable, planKeep } from './keep.ts'

function releases(text: string): readonly Keepable[] {
  return text.split(' ').map((word, at) => ({
    id: word.replace(/[*!?]/g, ''),
    at,
    held: word.includes('*'),
    bad: word.includes('!'),
    removable: !word.includes('?'),
  }))
}

test.each([
  ['a b c d*', 3, 'a'],
  ['a b c d*', 9, ''],
  ['a* b c d*', 2, 'b c'],
  ['a b! c d*', 3, 'b'],
  ['a b! c! d e*', 2, 'b c a'],
  ['a! b* c! d*', 1, 'a c'],
  ['a!* b c*', 2, 'b'],
  ['site? a b*', 1, 'a'],
  ['a* b* c*', 1, ''],
  ['a b', 0, 'a'],
])('of %s (held *, bad !, not to be removed ?) with %i kept go: %s', (text, keep, gone) => {
  expect(planKeep(releases(text), keep).join(' ')).toBe(gone)
})
