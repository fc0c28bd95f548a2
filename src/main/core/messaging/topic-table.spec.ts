import { expect, it } from 'vitest'
import { route } from '../../../../test/support/messaging-rig.ts'
import { longestKept, TopicTable } from './topic-table.ts'
import { type RouteStep, RouteTrail } from './trail/route-trail.ts'

it('A topic that is too long to be remembered is routed and counted, and kept nowhere', () => {
  const table = new TopicTable()
  table.load([])
  const long = 'x'.repeat(longestKept + 1)
  for (const topic of ['a', long, long, `${long}y`]) table.see(topic, 1, false)
  expect(table.since(0)).toMatchObject({ topics: [{ topic: 'a', count: 1 }], unlisted: 2 })
  expect(table.see(long, 1, false).topic).toBe(long)
  const trail = new RouteTrail()
  const step = {
    definition: route('r', {}),
    result: 'delivered',
    reason: null,
    stage: null,
    sender: null,
  } satisfies RouteStep
  for (const topic of ['a', long]) trail.note(1, topic, step.definition, step.result, step.reason)
  expect(trail.of(1, 'a')).toEqual([step])
  expect(trail.of(1, long)).toEqual([])
})
