import { expect, test } from 'vitest'
import { jsonDifference } from './json-difference.ts'

test('tells what changed, came and went, by its path', () => {
  const before = '{"battery":80,"desk":{"id":7,"old":true},"list":[1,2,3]}'
  const after = '{"battery":79,"desk":{"id":7,"a b":null},"list":[1,5]}'
  expect(jsonDifference(before, after)?.differences).toEqual([
    { path: 'battery', before: '80', after: '79' },
    { path: 'desk["a b"]', before: null, after: 'null' },
    { path: 'desk.old', before: 'true', after: null },
    { path: 'list[1]', before: '2', after: '5' },
    { path: 'list[2]', before: '3', after: null },
  ])
})

test('the order of keys is no difference, another kind of value is', () => {
  expect(jsonDifference('{"a":1,"b":2}', '{"b":2,"a":1}')?.differences).toEqual([])
  expect(jsonDifference('[1]', '{"0":1}')?.differences).toEqual([{ path: '', before: '[1]', after: '{"0":1}' }])
})

test('what is no JSON has none, and of very many the first are told', () => {
  expect(jsonDifference('on', '{"a":1}')).toBeNull()
  const list = (value: number) => JSON.stringify(Array.from({ length: 1_000 }, () => value))
  expect(jsonDifference(list(1), list(2))).toMatchObject({ differences: { length: 200 }, more: 800 })
})
