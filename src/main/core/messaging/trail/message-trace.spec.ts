import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { messagingRig, route, routerConnected } from '../../../../../test/support/messaging-rig.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { until } from '../../../../../test/support/until.ts'
import { RouteTrail, trailLength } from './route-trail.ts'

const refuses = { method: 'POST', headers: {}, type: null, timeoutMs: 5_000, parallel: 1 } as const

describe('The trace of a message', () => {
  it('tells what each route did with it, each delivery with its end, and where it lies', async () => {
    const [port = 0] = await freePorts(1)
    let calls = 0
    const server = createServer((_request, response) => void response.writeHead(++calls === 1 ? 503 : 200).end())
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
    using _server = { [Symbol.dispose]: () => server.closeAllConnections() }
    const url = `http://127.0.0.1:${port}/`
    await using rig = await messagingRig()
    await rig.loadEmbedded([
      route('hook', { from: 'in/#', to: [{ kind: 'webhook', url, ...refuses }] }),
      route('kept', { from: 'in/#', to: [{ kind: 'journal', keepMs: 60_000 }] }),
      route('few', { from: 'in/#', where: 'payload.n > 5', to: [{ kind: 'channel', channel: 'few' }] }),
      route('bad', { from: 'in/#', map: 'payload.missing.deep', to: [{ kind: 'channel', channel: 'bad' }] }),
    ])
    await rig.startBroker()
    await routerConnected(rig)
    using tap = rig.messaging.tap({ filter: '#', text: '', route: null })
    await rig.messaging.publish({ topic: 'in/a', payload: '{"n": 1}', qos: 1, retain: false })
    const message = await until('it to be shown', () => tap.take().messages[0])
    await until('it to arrive', () => rig.state.slice('routes').get('hook')?.targets[0]?.delivered === 1)
    const trace = await until('the journal to have it', async () => {
      const found = await rig.messaging.trace(message.at, 'in/a')
      return found.journal.length > 0 && found.quarantine.length > 0 ? found : undefined
    })
    expect(Object.fromEntries(trace.routes.map(({ definition, result }) => [definition.id, result]))).toEqual({
      hook: 'queued',
      kept: 'queued',
      few: 'filtered',
      bad: 'quarantined',
    })
    expect(Object.fromEntries(trace.routes.map(({ definition, stage }) => [definition.id, stage]))).toEqual({
      hook: null,
      kept: null,
      few: 'where',
      bad: 'map',
    })
    expect(trace.routes.find(({ definition }) => definition.id === 'bad')?.reason).toContain('"map" failed')
    expect(trace.deliveries).toMatchObject([
      { route: 'hook', target: `webhook:${url}`, state: 'delivered', failed: 1, why: 'it answered 503' },
    ])
    expect(trace.deliveries[0]?.endedAt).toBeGreaterThanOrEqual(message.at)
    expect(trace.quarantine).toMatchObject([{ route: 'bad', target: null }])
    expect(trace.journal).toMatchObject([{ route: 'kept' }])
    expect(trace.since).toBeNull()
  })

  it('keeps what waits, with how often it failed, and the routes as they were', async () => {
    const [nobody = 0] = await freePorts(1)
    const url = `http://127.0.0.1:${nobody}/`
    await using rig = await messagingRig()
    const hook = route('hook', { from: 'in/#', to: [{ kind: 'webhook', url, ...refuses }] })
    await rig.loadEmbedded([hook])
    await rig.startBroker()
    await routerConnected(rig)
    await rig.messaging.publish({ topic: 'in/a', payload: 'x', qos: 1, retain: false })
    const { rows } = await until('it to wait', async () => {
      const page = await rig.messaging.outbox({ limit: 1 })
      return page.rows.length > 0 ? page : undefined
    })
    await rig.loadEmbedded([{ ...hook, title: 'Another' }])
    const at = rows[0]?.at ?? 0
    const trace = await until('it to have failed', async () => {
      const found = await rig.messaging.trace(at, 'in/a')
      return (found.deliveries[0]?.failed ?? 0) > 0 ? found : undefined
    })
    expect(trace.deliveries).toMatchObject([
      { id: rows[0]?.id, state: 'waiting', why: 'nothing listens at its address', endedAt: null },
    ])
    expect(trace.routes.map(({ definition }) => definition.title)).toEqual(['hook'])
  })
})

it('The trail of routes forgets the oldest, and says since when it knows', () => {
  const trail = new RouteTrail()
  const definition = route('r', {})
  const sender = { client: 'desk-1', user: null }
  trail.note(1, 'first', definition, 'filtered', null)
  for (let n = 2; n <= trailLength; n++) trail.note(n, 'more', definition, 'delivered', null)
  expect(trail.since).toBeNull()
  expect(trail.of(1, 'first')).toEqual([{ definition, result: 'filtered', reason: null, stage: null, sender: null }])
  trail.note(trailLength + 1, 'last', definition, 'quarantined', 'why', 'map', sender)
  expect(trail.of(1, 'first')).toEqual([])
  expect(trail.since).toBe(2)
  expect(trail.of(trailLength + 1, 'last')).toEqual([
    { definition, result: 'quarantined', reason: 'why', stage: 'map', sender },
  ])
})
