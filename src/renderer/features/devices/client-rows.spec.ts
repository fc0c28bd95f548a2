import { expect, test } from 'vitest'
import type { BrokerClientView } from '#shared/contract/index.ts'
import { clientRows } from './client-rows.ts'

function client(id: string, given: Partial<BrokerClientView> = {}): BrokerClientView {
  const none = { subscriptions: [], moreSubscriptions: 0, will: null }
  return { id, address: '10.0.0.7:4711', since: 0, lastAt: 0, received: 0, sent: 0, ...none, ...given }
}

test('those silent for longest come first, with rates since the look before', () => {
  const before = { at: 1_000, clients: [client('a', { received: 10, sent: 4 }), client('b')] }
  const look = {
    at: 3_000,
    clients: [client('a', { received: 30, sent: 5, lastAt: 2_900 }), client('b', { lastAt: 500 })],
  }
  expect(clientRows(look, before, '')).toMatchObject([
    { id: 'b', silentMs: 2_500, inRate: 0 },
    { id: 'a', silentMs: 100, inRate: 10, outRate: 0.5 },
  ])
  expect(clientRows(look, null, '')).toMatchObject([{ inRate: 0 }, { inRate: 0 }])
})

test('one that connected again counts anew, and words find id, address, filter and last will', () => {
  const before = { at: 0, clients: [client('a', { received: 100 })] }
  const desk = { subscriptions: [{ filter: 'desk/7/set', qos: 1 }] }
  const look = { at: 1_000, clients: [client('a', { since: 500, received: 3 }), client('b', desk)] }
  expect(clientRows(look, before, '')).toMatchObject([{ id: 'a', inRate: 0 }, { id: 'b' }])
  expect(clientRows(look, before, 'Desk/7')).toMatchObject([{ id: 'b' }])
})
