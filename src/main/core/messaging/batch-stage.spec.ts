import { beforeEach, describe, expect, it } from 'vitest'
import type { RouteBatch, RouteDefinition } from '#core/config/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { mostBatchedBytes } from './batch-stage.ts'
import { Router } from './router.ts'
import { TapRing } from './tap-ring.ts'

const base: RouteBatch = { windowMs: 1_000, most: 100, bytes: 65_536, per: 'route', as: null }
const to: RouteDefinition['to'] = [{ kind: 'channel', channel: 'out' }]

let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock()
})

function rig(given: Partial<RouteDefinition>) {
  const got: string[] = []
  const refused: string[] = []
  const router = new Router({
    clock,
    taps: new TapRing(),
    quarantine: {
      hold: (_route, message, reason) => void refused.push(`${message.bytes.toString()}: ${reason}`),
    },
    makeTarget: (_route, _to, ledger) => ({
      offer: (_message, payload) => {
        got.push(payload.toString())
        ledger.deliver()
        return 'delivered'
      },
      retire: () => {},
    }),
  })
  const load = (change: Partial<RouteDefinition> = {}) =>
    router.load([route('r', { from: '#', to, ...given, ...change })])
  expect(load()).toEqual([])
  const send = (payload: string, topic = 'in/a') => router.take(topic, Buffer.from(payload), 1, false, clock.wall())
  return { got, refused, router, load, send, counts: () => router.ledgers()[0]?.counts() }
}

describe('A batch', () => {
  it('goes on with its last message, or when its window ends, as a list in the order of their coming', async () => {
    const { got, send, counts } = rig({ batch: { ...base, most: 3 } })
    for (const n of [1, 2, 3, 4]) send(`{"n": ${n}}`)
    expect(got).toEqual(['[{"n": 1},{"n": 2},{"n": 3}]'])
    expect(counts()).toMatchObject({ received: 4, held: 1, merged: 2, targets: [{ delivered: 1 }] })
    await clock.advance(999)
    expect(got).toHaveLength(1)
    await clock.advance(1)
    expect(got[1]).toBe('[{"n": 4}]')
    expect(counts()).toMatchObject({ held: 0, merged: 2, targets: [{ delivered: 2 }] })
    await clock.advance(60_000)
    expect(got).toHaveLength(2)
    expect(clock.waiting).toBe(0)
  })

  it('goes on when its payloads have grown to the size', () => {
    const { got, send } = rig({ batch: { ...base, bytes: 1_000 } })
    for (let n = 0; n < 5; n++) send(JSON.stringify('x'.repeat(300)))
    expect(got).toHaveLength(1)
    expect(JSON.parse(got[0] ?? '')).toHaveLength(4)
  })

  it('gathers each key by itself, and what `map` gave of each message', async () => {
    const { got, send, refused } = rig({ map: 'payload.t', batch: { ...base, per: { expression: 'payload.unit' } } })
    for (const [unit, t] of [
      ['a', 1],
      ['b', 10],
      ['a', 2],
    ] as const)
      send(JSON.stringify({ unit, t }))
    send('{"t": 1}')
    await clock.advance(1_000)
    expect(got.toSorted()).toEqual(['[1,2]', '[10]'])
    expect(refused).toEqual(['{"t": 1}: "batch.per" failed: No such key: unit'])
  })

  it('becomes what its expression makes of the list', async () => {
    const as =
      '{"n": size(items), "mean": mean(items.map(i, i.t)), "min": min(items.map(i, i.t)), "max": max(items.map(i, i.t)), "unit": key, "of": topic[1]}'
    const { got, send } = rig({ batch: { ...base, as, per: 'topic' } })
    for (const t of [1, 2, 6]) send(`{"t": ${t}}`)
    await clock.advance(1_000)
    expect(JSON.parse(got[0] ?? '')).toEqual({ n: 3, mean: 3, min: 1, max: 6, unit: 'in/a', of: 'a' })
  })

  it('sends its messages to quarantine as they came when the expression fails, and the route goes on', async () => {
    const { got, send, refused, counts } = rig({
      map: '{"t": payload.x}',
      batch: { ...base, as: 'mean(items.map(i, i.t))' },
    })
    for (const payload of ['{"x": 1}', '{"x": "warm"}']) send(payload)
    await clock.advance(1_000)
    expect(refused).toEqual([
      '{"x": 1}: "batch.as" failed: mean() goes over numbers, but one element is string',
      '{"x": "warm"}: "batch.as" failed: mean() goes over numbers, but one element is string',
    ])
    send('{"x": 4}')
    await clock.advance(1_000)
    expect(got).toEqual(['4'])
    expect(counts()).toMatchObject({ received: 3, quarantined: 2, held: 0, merged: 0, targets: [{ delivered: 1 }] })
  })

  it('takes no payload that is no JSON', () => {
    const { send, refused } = rig({ batch: base })
    send('ON')
    expect(refused[0]).toMatch(/^ON: the payload is not JSON/)
  })

  it('goes on at once when its route changes or the site is closed, nothing lost and nothing doubled', async () => {
    const { got, send, load, router } = rig({ batch: base })
    send('1')
    send('2')
    load({ title: 'other' })
    expect(got).toEqual(['[1,2]'])
    send('3')
    router.close()
    expect(got).toEqual(['[1,2]', '[3]'])
    await clock.advance(10_000)
    expect(got).toHaveLength(2)
    expect(clock.waiting).toBe(0)
  })

  it('goes on early rather than hold more than it may', () => {
    const { got, send } = rig({ batch: { ...base, per: 'topic', bytes: 4_194_304 } })
    const big = JSON.stringify('x'.repeat(200_000))
    for (let n = 0; n * 400_000 < mostBatchedBytes + 800_000; n++) send(big, `in/${n}`)
    expect(got.length).toBeGreaterThan(0)
    expect(got.length).toBeLessThan(6)
  })
})
