import { expect, test } from 'vitest'
import { filterMistake, topicMistake } from './topic-filter.ts'

test.each(['#', '+', 'site/#', 'site/+/status', '+/+', '/site', '$SYS/#'])('%s is a topic filter', (filter) => {
  expect(filterMistake(filter)).toBeNull()
})

test.each(['', 'site#', 'site/#/status', 'site/a+/status', '#/site'])(
  '%s is none, and the sentence says why',
  (filter) => {
    expect(filterMistake(filter)).toMatch(/\.$/)
  },
)

test('a topic to publish to has no wildcards and is not the broker’s own', () => {
  expect(topicMistake('site/faculty/7')).toBeNull()
  for (const topic of ['', 'site/+', 'site/#', '$SYS/load']) expect(topicMistake(topic)).toMatch(/\.$/)
})
