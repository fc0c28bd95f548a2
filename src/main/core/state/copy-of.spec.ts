import { expect, test } from 'vitest'
import { copyOf, isEqual } from './copy-of.ts'

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

test('entities are equal when they say the same, in whatever order', () => {
  const one = { a: 1, none: null, missing: undefined, list: [{ deep: [1, Number.NaN] }, {}] }
  expect(isEqual(one, { list: [{ deep: [1, Number.NaN] }, {}], missing: undefined, none: null, a: 1 })).toBe(true)
  for (const other of [
    { ...one, a: 2 },
    { ...one, none: {} },
    { ...one, more: undefined },
    { a: 1, none: null, other: undefined, list: one.list },
    { ...one, list: [{ deep: [1] }, {}] },
    { ...one, list: [{ deep: [1, Number.NaN] }, []] },
    { ...one, list: { 0: one.list[0], 1: one.list[1] } },
    null,
    JSON.parse('{"__proto__":{"a":1}}'),
  ]) {
    expect(isEqual(one, other)).toBe(false)
    expect(isEqual(other, one)).toBe(false)
  }
})
