import { expect, test } from 'vitest'
import { graphOf } from '../../../../test/support/site-definition.ts'
import { expectedPath, measuredPath, remainingPaths, type StartMarks } from './critical-path.ts'

const same = (started: number, ready = started, healthy = ready) => ({ started, ready, healthy })

test('the expected path is the chain that takes longest, each link up to the moment that the next waits for', () => {
  const graph = graphOf({ broker: {}, db: {}, api: { broker: 'started', db: 'healthy' }, kiosk: { api: 'ready' } })
  const took: Record<string, ReturnType<typeof same>> = {
    broker: same(900),
    db: same(100, 300, 1_000),
    api: same(500, 700),
    kiosk: same(200, 9_000),
  }
  const path = expectedPath(graph, Object.keys(took), (id) => took[id] ?? same(0))
  // kiosk's own readiness keeps nobody waiting.
  expect(path).toEqual({
    totalMs: 1_900,
    links: [
      { service: 'db', ms: 1_000 },
      { service: 'api', ms: 700 },
      { service: 'kiosk', ms: 200 },
    ],
  })
})

test('without any measurement the path is the longest chain of needs, and what is not started does not count', () => {
  const graph = graphOf({ a: {}, b: { a: 'ready' }, c: { b: 'ready', off: 'ready' }, d: {}, off: {} })
  const { links } = expectedPath(graph, ['a', 'b', 'c', 'd'], () => same(1))
  expect(links.map(({ service }) => service)).toEqual(['a', 'b', 'c'])
  expect(expectedPath(graph, [], () => same(1)).links).toEqual([])
})

test('the measured path leads back from what ran last through the needs that were met last; its shares add up', () => {
  const graph = graphOf({ broker: {}, db: {}, api: { broker: 'ready', db: 'healthy' }, kiosk: { api: 'healthy' } })
  const marks = new Map<string, StartMarks>([
    ['broker', { begun: 100, started: 400, ready: 400, healthy: 400 }],
    ['db', { begun: 100, started: 200, ready: 300, healthy: 900 }],
    ['api', { begun: 905, started: 1_500, ready: 1_600, healthy: 1_700 }],
    ['kiosk', { begun: 1_700, started: 2_000, ready: null, healthy: null }],
    ['old', { begun: 5, started: 9_999, ready: 9_999, healthy: 9_999 }], // ran before this start
  ])
  const path = measuredPath(graph, marks, 100)
  expect(path).toEqual({
    totalMs: 1_900,
    links: [
      { service: 'db', ms: 800 },
      { service: 'api', ms: 800 },
      { service: 'kiosk', ms: 300 },
    ],
  })
  expect(path.links.reduce((sum, { ms }) => sum + ms, 0)).toBe(path.totalMs)
  expect(measuredPath(graph, new Map(), 100).links).toEqual([])
})

test('behind a service a start goes on for its own time and that of the longest chain that waits for it, by what each waits for', () => {
  const graph = graphOf({ database: {}, api: { database: 'ready' }, kiosk: { api: 'healthy' }, clock: {} })
  const durations = (id: string) => (id === 'api' ? same(10, 20, 500) : same(100, 200, 300))
  const remaining = remainingPaths(graph, ['database', 'api', 'kiosk', 'clock'], durations)
  expect(Object.fromEntries(remaining)).toEqual({ kiosk: 100, api: 600, database: 800, clock: 100 })
})
