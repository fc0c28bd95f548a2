import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { Router } from './router.ts'
import { TapRing } from './tap-ring.ts'
import type { Payload } from './targets.ts'
import { mostTopics, shownTopics } from './topic-table.ts'

function rig(clock = new ManualClock()) {
  const delivered: string[] = []
  const router = new Router({
    quarantine: { hold: (id, _message, reason) => void delivered.push(`${id}: ${reason}`) },
    taps: new TapRing(),
    clock,
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
  return { router, delivered, take, clock }
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
    expect(router.reportRoutes().routes).toEqual(expect.any(Array))
    expect(router.reportRoutes().routes).toEqual([])
  })

  it('quarantines what does not fit its schema, after the condition and before the limit', () => {
    const { router, delivered, take } = rig()
    router.load([
      route('desk', {
        where: 'payload.kind == "status"',
        validate: {
          type: 'object',
          required: ['battery'],
          properties: { battery: { $ref: '#/$defs/share' } },
          $defs: { share: { type: 'number', maximum: 100 } },
        },
        limit: { rate: { count: 1, perMs: 1_000 }, per: 'topic', keep: 'first' },
        to,
      }),
    ])
    const good = '{"kind":"status","battery":80}'
    for (const payload of ['{"kind":"other"}', '{"kind":"status"}', '{"kind":"status","battery":101}', good]) {
      take('a', payload)
    }
    take('a', '{"kind":"status"}') // also while the limit lets nothing through
    expect(delivered).toEqual([
      `desk: "validate" refused it: payload must have required property 'battery'`,
      'desk: "validate" refused it: payload/battery must be <= 100',
      `desk ${good}`,
      `desk: "validate" refused it: payload must have required property 'battery'`,
    ])
    expect(router.ledgers()[0]?.counts()).toMatchObject({ received: 5, filtered: 1, quarantined: 3, limited: 0 })
  })

  it('filters quietly before it looks whether what follows can read the payload', () => {
    const { router, delivered, take } = rig()
    router.load([
      route('json', { where: 'topic[1] == "json"', validate: { type: 'object' }, to }),
      route('keyed', {
        where: 'topic[1] == "json"',
        limit: { rate: { count: 1, perMs: 1_000 }, per: { expression: 'payload.u' }, keep: 'first' },
        to,
      }),
    ])
    take('in/raw', 'hello')
    expect(delivered).toEqual([])
    take('in/json', 'hello')
    expect(delivered).toEqual([
      expect.stringMatching(/^json: the payload is not JSON/),
      expect.stringMatching(/^keyed: the payload is not JSON/),
    ])
  })

  it('holds payloads against schemas as a person reads them: fractions, inherited names, long texts and long reasons', () => {
    const { router, delivered, take } = rig()
    const properties = { price: { multipleOf: 0.01 }, constructor: { type: 'string' }, code: { pattern: '^.*a.*b' } }
    router.load([
      route('fits', { validate: { properties, additionalProperties: { type: 'number' } }, to }),
      route('needs', { validate: { required: ['toString'] }, to }),
    ])
    take('a', '{"price": 19.99}')
    take('a', `{"code": "${'a'.repeat(257)}"}`)
    take('a', `{"${'n'.repeat(100_000)}": "text"}`)
    expect(delivered.filter((line) => line.startsWith('fits'))).toEqual([
      'fits {"price": 19.99}',
      expect.stringMatching(/^fits: "validate" failed: a text of 257 characters is too long/),
      expect.stringMatching(/^fits: "validate" refused it: payload\/n{200,300}…$/),
    ])
    expect(delivered.filter((line) => line.startsWith('needs'))).toHaveLength(3)
    expect(delivered.find((line) => line.startsWith('needs'))).toMatch(/required property 'toString'/)
  })

  it('quarantines a payload that is nested deeper than a schema that refers to itself can follow', () => {
    const { router, delivered, take } = rig()
    router.load([route('deep', { validate: { items: { $ref: '#' } }, to })])
    take('a', `${'['.repeat(60_000)}${']'.repeat(60_000)}`)
    take('a', '[[1]]')
    expect(delivered).toEqual([expect.stringMatching(/^deep: .*(call stack|nested|not JSON)/), 'deep [[1]]'])
  })

  it('limits each key by itself, sends the newest when it may, and counts the others', async () => {
    const { router, delivered, take, clock } = rig()
    const rate = { count: 2, perMs: 1_000 }
    router.load([
      route('desk', { where: 'payload.n > 0', limit: { rate, per: 'topic', keep: 'latest' }, map: 'payload.n', to }),
      route('first', { limit: { rate, per: { expression: 'payload.unit' }, keep: 'first' }, map: 'payload.n', to }),
    ])
    for (const n of [1, 2, 3, 4, 0]) take('a', `{"n": ${n}, "unit": "u"}`)
    take('b', '{"n": 5, "unit": "v"}')
    expect(delivered).toEqual(['desk 1', 'first 1', 'desk 2', 'first 2', 'desk 5', 'first 5'])
    expect(router.ledgers().map((ledger) => ledger.counts())).toMatchObject([
      { id: 'desk', received: 6, filtered: 1, limited: 1, held: 1 },
      { id: 'first', received: 6, filtered: 0, limited: 3, held: 0 },
    ])
    await clock.advance(499)
    expect(delivered).toHaveLength(6)
    await clock.advance(1)
    expect(delivered.at(-1)).toBe('desk 4')
    expect(router.ledgers()[0]?.counts()).toMatchObject({ limited: 1, held: 0 })
    expect(clock.waiting).toBe(0)
  })

  it('quarantines what has no key, and what cannot be mapped when its turn has come', async () => {
    const { router, delivered, take, clock } = rig()
    const rate = { count: 1, perMs: 100 }
    router.load([
      route('keyed', {
        limit: { rate, per: { expression: 'payload.unit' }, keep: 'latest' },
        map: 'payload.n + 1',
        to,
      }),
    ])
    take('a', '{"n": 1}')
    take('a', '{"n": 1, "unit": ["u"]}')
    take('a', '{"n": 1, "unit": 7}')
    take('a', '{"n": "one", "unit": 7}')
    await clock.advance(100)
    expect(delivered).toEqual([
      expect.stringMatching(/^keyed: "limit.per" failed: .*unit/),
      'keyed: "limit.per" gave neither a text, nor a number, nor true or false',
      'keyed 2',
      expect.stringMatching(/^keyed: "map" failed/),
    ])
    expect(router.ledgers()[0]?.counts()).toMatchObject({ received: 4, quarantined: 3, held: 0 })
  })

  it('quarantines what the key of a target cannot be told of, before any target has it, and of a batch the one message', async () => {
    const { router, delivered, take, clock } = rig()
    const keyed = { kind: 'mqtt', topic: 'out', qos: 1, retain: false, key: 'payload.unit' } as const
    const batch = { windowMs: 100, most: 10, bytes: 65_536, per: 'route', as: null } as const
    router.load([
      route('keyed', { from: 'a', to: [...to, keyed] }),
      route('gathered', { from: 'b', batch, to: [keyed] }),
      route('tagged', { from: 'c', tag: { expression: 'topicName', of: [null, ['d']] }, to: [...to, keyed] }),
    ])
    take('a', '{"n": 1}')
    take('a', '{"unit": {}}')
    take('a', 'rubbish')
    take('b', '{"unit": "u"}')
    take('b', '{"n": 1}')
    take('c', '{"n": 1}')
    await clock.advance(100)
    expect(delivered).toEqual([
      expect.stringMatching(/^keyed: "to.key" failed: .*unit/),
      'keyed: "to.key" gave neither a text, nor a number, nor true or false',
      expect.stringMatching(/^keyed: the payload is not JSON/),
      expect.stringMatching(/^gathered: "to.key" failed: .*unit/),
      'tagged {"n": 1}',
      'gathered [{"unit": "u"}]',
    ])
    expect(router.ledgers().map((ledger) => ledger.counts().quarantined)).toEqual([3, 1, 0])
  })

  it('lets go what waits for its turn when its route goes or everything stops, and leaves no timer', async () => {
    const { router, delivered, take, clock } = rig()
    const limit = { rate: { count: 1, perMs: 60_000 }, per: 'route', keep: 'latest' } as const
    router.load([route('one', { limit, to }), route('two', { limit, to })])
    for (const n of ['1', '2', '3']) take('a', n)
    router.load([route('one', { limit, to })])
    expect(delivered).toEqual(['one 1', 'two 1', 'two 3', 'two retired'])
    router.close()
    expect(delivered.at(-1)).toBe('one 3')
    expect(router.ledgers()[0]?.counts()).toMatchObject({ received: 3, limited: 1, held: 0 })
    expect(clock.waiting).toBe(0)
  })

  it('asks for the broker’s own topics without overlap', () => {
    const { router } = rig()
    router.load([route('a', { from: '$SYS/uptime' }), route('b', { from: 'x' })])
    expect(router.reservedFilters()).toEqual(['$SYS/uptime'])
    router.load([route('a', { from: '$SYS/uptime' }), route('b', { from: '$SYS/+' }), route('c', { from: '$own/#' })])
    expect(router.reservedFilters()).toEqual(['$SYS/#', '$own/#'])
  })

  it('gives a message to the targets that its tags name, and to those that take every one', () => {
    const { router, delivered, take } = rig()
    const three = [
      { kind: 'channel', channel: 'alarms' },
      { kind: 'channel', channel: 'doors' },
      { kind: 'channel', channel: 'all' },
    ] as const
    router.load([
      route('r', {
        tag: { expression: 'payload.kinds', of: [['alarm', '7'], ['door'], null] },
        map: 'topicName',
        to: three,
      }),
    ])
    const passedOver = () => router.ledgers()[0]?.targets.map((target) => target.counts().passedOver)
    take('a', '{"kinds": "alarm"}')
    expect(delivered).toEqual(['r a', 'r a'])
    expect(passedOver()).toEqual([0, 1, 0])
    take('b', '{"kinds": ["door", 7]}')
    expect(delivered.slice(2)).toEqual(['r b', 'r b', 'r b'])
    take('c', '{}')
    expect(delivered.slice(5)).toEqual(['r c'])
    expect(passedOver()).toEqual([1, 2, 0])
    take('d', '{"kinds": {"alarm": true}}')
    expect(delivered.slice(6)).toEqual(['r: "tag" gave neither a text, a number, true or false, nor a list of those'])
  })

  it('filters a message whose tags name no target, and its ledger adds up', () => {
    const { router, delivered, take } = rig()
    router.load([route('r', { tag: { expression: 'topic[0]', of: [['alarm']] }, to })])
    take('door', '')
    take('alarm', '')
    expect(delivered).toEqual(['r '])
    const counts = router.ledgers()[0]?.counts()
    expect(counts).toMatchObject({ received: 2, filtered: 0, targets: [{ passedOver: 1, delivered: 1 }] })
  })

  it('adds fields to the payload, which the mapping sees and which go out without one', () => {
    const { router, delivered, take } = rig()
    const enrich = { desk: 'topic[1]', seen: 'received.startsWith("2026")' }
    router.load([
      route('plain', { enrich, to }),
      route('mapped', { enrich, map: 'payload.desk + ":" + string(payload.n)', to }),
      route('other', { map: '"untouched " + string(has(payload.desk))', to }),
    ])
    take('d/7', '{"n": 1}')
    expect(delivered).toEqual(['plain {"n":1,"desk":"7","seen":true}', 'mapped 7:1', 'other untouched false'])
  })

  it('quarantines what takes no fields, and a field that cannot be told', () => {
    const { router, delivered, take } = rig()
    router.load([route('r', { enrich: { room: 'payload.room' }, to })])
    take('a', '[1]')
    take('a', '{}')
    take('a', 'rubbish')
    expect(delivered).toEqual([
      'r: "enrich" adds fields, but the payload is no JSON object',
      expect.stringMatching(/^r: "enrich.room" failed: .*where it may be missing$/),
      expect.stringMatching(/^r: the payload is not JSON/),
    ])
  })
})
