import { describe, expect, it } from 'vitest'
import { route } from '../../../../test/support/messaging-rig.ts'
import { Router } from './router.ts'
import { TapRing } from './tap-ring.ts'
import type { Payload } from './targets.ts'
import { mostTopics, shownTopics } from './topic-table.ts'

function rig() {
  const delivered: string[] = []
  const router = new Router({
    quarantine: { hold: (id, _message, reason) => void delivered.push(`${id}: ${reason}`) },
    taps: new TapRing(),
    makeTarget: ({ id }, _to, ledger) => ({
      offer(_message, payload: Payload) {
        delivered.push(`${id} ${payload.toString()}`)
        ledger.deliver()
        return 'delivered'
      },
      retire: () => void delivered.push(`${id} retired`),
    }),
  })
  const take = (topic: string, payload: string, retained = false) =>
    router.take(topic, Buffer.from(payload), 1, retained, Date.UTC(2026, 0, 5, 8))
  return { router, delivered, take }
}

const to = [{ kind: 'channel', channel: 'c' }] as const

describe('The router', () => {
  it('takes a message through filters and regular expressions in the order of the site', () => {
    const { router, delivered, take } = rig()
    router.load([
      route('one', { from: '/^a/', to }),
      route('two', { from: 'a/#', to }),
      route('three', { from: '/b$/', to }),
      route('off', { on: false, to }),
    ])
    take('a/b', 'x')
    take('a/c', 'y')
    expect(delivered).toEqual(['one x', 'two x', 'three x', 'one y', 'two y'])
  })

  it('knows a topic’s new routes as soon as they are loaded', () => {
    const { router, delivered, take } = rig()
    router.load([route('one', { from: 'a', to })])
    take('a', '1')
    router.load([route('two', { from: '+', to })])
    take('a', '2')
    router.load([])
    take('a', '3')
    expect(delivered).toEqual(['one 1', 'one retired', 'two 2', 'two retired'])
  })

  it('gives conditions what they need: retained, qos, time and topic', () => {
    const { router, delivered, take } = rig()
    router.load([
      route('all', { where: 'retained && qos == 1 && received.startsWith("2026-01-05T08") && topic.size() == 2', to }),
    ])
    take('a/b', '1')
    take('a/b', '2', true)
    expect(delivered).toEqual(['all 2'])
  })

  it('quarantines a condition that fails for another reason than a missing key', () => {
    const { router, delivered, take } = rig()
    router.load([route('r', { where: 'payload.battery > 5', to }), route('s', { where: 'payload.flag', to })])
    take('a', '{"battery": "low", "flag": 3}')
    take('a', '{}')
    expect(delivered).toEqual([
      expect.stringMatching(/^r: "where" failed: no such overload/),
      's: "where" gave neither true nor false',
    ])
  })

  it('counts at most 10,000 topics, shows the 200 busiest, and says how many it hides', () => {
    const { router, delivered, take } = rig()
    router.load([route('last', { from: 't/12345', to })])
    for (let n = 0; n < mostTopics + 500; n++) take(`t/${n}`, '')
    for (let n = 0; n < 300; n++) for (let again = 0; again <= n; again++) take(`t/${n}`, '')
    take('t/12345', 'still routed')
    const report = router.report()
    expect(report.topics).toHaveLength(shownTopics)
    expect(report.topics?.[0]).toMatchObject({ topic: 't/299', count: 301 })
    expect(report.topics?.at(-1)).toMatchObject({ topic: 't/100', count: 102 })
    expect(report.topicsHidden).toBe(mostTopics - shownTopics + 501)
    expect(delivered).toEqual(['last still routed'])
    expect(router.report().topics).toBeNull()
    expect(router.report().routes).toEqual([])
  })

  it('asks for the broker’s own topics without overlap', () => {
    const { router } = rig()
    router.load([route('a', { from: '$SYS/uptime' }), route('b', { from: 'x' })])
    expect(router.reservedFilters()).toEqual(['$SYS/uptime'])
    router.load([route('a', { from: '$SYS/uptime' }), route('b', { from: '$SYS/+' }), route('c', { from: '$own/#' })])
    expect(router.reservedFilters()).toEqual(['$SYS/#', '$own/#'])
  })
})
