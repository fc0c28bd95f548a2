import { expect, test } from 'vitest'
import type { RouteView } from '#shared/contract/state.ts'
import { routesText } from './routes.ts'

const target: RouteView['targets'][number] = {
  name: 'board',
  kind: 'mqtt',
  delivered: 50,
  queued: 4,
  dropped: 1,
  expired: 2,
  passedOver: 3,
  quarantined: 1,
  merged: 6,
  carried: 5,
  lastError: null,
  failingSince: null,
}
const route: RouteView = {
  id: 'desks',
  from: 'desk/#',
  title: 'Desks',
  on: true,
  received: 100,
  perSecond: 0,
  limit: null,
  filtered: 10,
  limited: 15,
  held: 2,
  batch: null,
  merged: 8,
  quarantined: 3,
  function: null,
  targets: [target],
  refused: null,
  lastError: null,
  lastAt: null,
}

test('of each target what came in is the sum of what became of it', () => {
  const [header = '', row = ''] = routesText([route]).split('\n')
  expect(header.split(/\s{2,}/)).toEqual(
    'ROUTE FROM TO IN FILTERED LIMITED MERGED DELIVERED QUEUED LOST QUARANTINE'.split(' '),
  )
  const [received = 0, ...became] = row
    .split(/\s{2,}/)
    .slice(3)
    .map(Number)
  expect(received).toBe(105)
  expect(became.reduce((sum, count) => sum + count, 0)).toBe(received)
})
