import { expect, test } from 'vitest'
import { Recent } from './recent.ts'

test('what was used longest ago goes first, and only when the sizes ask for it', () => {
  const recent = new Recent<string>(10)
  recent.set('a', 'first', 5)
  recent.set('b', 'second', 5)
  expect(recent.get('a')).toBe('first')
  recent.set('c', 'third', 3)
  expect(recent.get('b')).toBeUndefined()
  expect([recent.get('a'), recent.get('c')]).toEqual(['first', 'third'])
})

test('what is larger than the bound is not kept and drives nothing out', () => {
  const recent = new Recent<string>(10)
  recent.set('a', 'small', 5)
  recent.set('b', 'large', 11)
  expect([recent.get('a'), recent.get('b')]).toEqual(['small', undefined])
})
