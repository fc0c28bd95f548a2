import { expect, test } from 'vitest'
import { filterOf, TopicNodes } from './topic-nodes.ts'

const seen = (topic: string, count = 1, at = 1) => ({ topic, count, at, retained: false })
const lines = (tree: TopicNodes, expanded: readonly string[] = [], words = '') =>
  tree.rows(new Set(expanded), words).map((row) => `${'  '.repeat(row.depth)}${row.name} ${row.count}`)

test('each level counts what lies below it; only what is expanded is listed, by name and number', () => {
  const tree = new TopicNodes()
  tree.update([seen('desk/10/status', 3), seen('desk/9/status', 2), seen('board', 1), seen('desk', 4)], 0)
  expect(lines(tree)).toEqual(['board 1', 'desk 9'])
  expect(lines(tree, ['desk', 'desk/9'])).toEqual(['board 1', 'desk 9', '  9 2', '    status 2', '  10 3'])
  expect(tree.topics).toBe(4)
})

test('counts grow by the difference, and the rate is that of the last update', () => {
  const tree = new TopicNodes()
  tree.update([seen('a/b', 10), seen('a/c', 5)], 0)
  expect(tree.rows(new Set())[0]).toMatchObject({ count: 15, perSecond: 0 })
  tree.update([seen('a/b', 30)], 2)
  expect(tree.rows(new Set())[0]).toMatchObject({ count: 35, perSecond: 10, topics: 2 })
  tree.update([], 1)
  expect(tree.rows(new Set())[0]).toMatchObject({ perSecond: 0 })
})

test('a search shows the topics that hold the words and the way to them, expanded', () => {
  const tree = new TopicNodes()
  tree.update([seen('desk/1/Battery'), seen('desk/1/status'), seen('kiosk')], 0)
  expect(lines(tree, [], 'batt')).toEqual(['desk 2', '  1 2', '    Battery 1'])
})

test('empty levels are levels, and the filter of a line takes in what lies below', () => {
  const tree = new TopicNodes()
  tree.update([seen('/a'), seen('b/')], 0)
  const rows = tree.rows(new Set(['', 'b']))
  expect(rows.map(({ path }) => path)).toEqual(['', '/a', 'b', 'b/'])
  expect(rows.map(filterOf)).toEqual(['/#', '/a', 'b/#', 'b/'])
})
