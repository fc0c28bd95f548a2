import { expect, test } from 'vitest'
import { TopicNodes } from './topic-nodes.ts'
import { movedInTree, typedTo } from './tree-keys.ts'

const tree = new TopicNodes()
tree.update(
  ['board', 'desk/1/status', 'desk/2/status', 'door'].map((topic) => ({ topic, count: 1, at: 1, retained: false })),
  0,
)
const rows = tree.rows(new Set(['desk']))
// board, desk, 1, 2, door

test('right opens and goes in, left closes and goes out', () => {
  expect(rows.map(({ name }) => name)).toEqual(['board', 'desk', '1', '2', 'door'])
  expect(movedInTree('ArrowRight', rows, 2)).toMatchObject({ do: 'open', row: { path: 'desk/1' } })
  expect(movedInTree('ArrowRight', rows, 1)).toEqual({ do: 'go', to: 2 })
  expect(movedInTree('ArrowLeft', rows, 3)).toEqual({ do: 'go', to: 1 })
  expect(movedInTree('ArrowLeft', rows, 1)).toMatchObject({ do: 'close', row: { path: 'desk' } })
  expect(movedInTree('ArrowLeft', rows, 0)).toBeNull()
})

test('up and down, Home and End stay within the tree', () => {
  expect(movedInTree('ArrowDown', rows, -1)).toEqual({ do: 'go', to: 0 })
  expect(movedInTree('ArrowDown', rows, 4)).toEqual({ do: 'go', to: 4 })
  expect(movedInTree('End', rows, 0)).toEqual({ do: 'go', to: 4 })
  expect(movedInTree('Home', rows, 4)).toEqual({ do: 'go', to: 0 })
})

test('typing goes to the next name that begins so, round the end', () => {
  expect(typedTo('d', rows, 0)).toBe(1)
  expect(typedTo('d', rows, 1)).toBe(4)
  expect(typedTo('do', rows, 1)).toBe(4)
  expect(typedTo('b', rows, 4)).toBe(0)
  expect(typedTo('x', rows, 0)).toBeNull()
})
