import { expect, test } from 'vitest'
import { copyOf } from './copy-of.ts'

test('a copy is equal to what was copied, and shares nothing with it', () => {
  const entity = JSON.parse('{"a":1,"text":"x","none":null,"on":true,"list":[{"deep":[1,2]}],"__proto__":{"odd":1}}')
  entity.missing = undefined
  const copy = copyOf(entity)
  expect(copy).toStrictEqual(entity)
  expect(Object.keys(copy)).toEqual(Object.keys(entity))
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  entity.list[0].deep.push(3)
  expect(copy.list[0].deep).toEqual([1, 2])
})
