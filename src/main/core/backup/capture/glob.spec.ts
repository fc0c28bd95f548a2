import { expect, test } from 'vitest'
import { globTest } from './glob.ts'

test.each([
  ['data/cache', 'data/cache', true],
  ['data/cache', 'data/cache2', false],
  ['data/cache', 'x/data/cache', false],
  ['data/cache/', 'data/cache', true],
  ['**/cache', 'cache', true],
  ['**/cache', 'a/b/cache', true],
  ['**/cache', 'a/bcache', false],
  ['logs/*.log', 'logs/api.log', true],
  ['logs/*.log', 'logs/old/api.log', false],
  ['logs/**', 'logs/old/api.log', true],
  ['logs/**', 'logs', false],
  ['*.tmp', 'a.tmp', true],
  ['?.tmp', 'ab.tmp', false],
  ['[ab].tmp', 'b.tmp', true],
  ['[!ab].tmp', 'b.tmp', false],
  ['*.{tmp,bak}', 'x.bak', true],
  ['a+b(c).txt', 'a+b(c).txt', true],
  ['{open', '{open', true],
  ['[open', '[open', true],
])('the pattern %s on %s: %s', (pattern, path, matches) => {
  expect(globTest(pattern)(path)).toBe(matches)
})
