import { describe, expect, it } from 'vitest'
import type { RouteDefinition } from '#core/config/index.ts'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { Router } from './router.ts'
import { StageBoard } from './stage-board.ts'
import { StageMeter } from './stage-meter.ts'
import { TapRing } from './tap-ring.ts'
import { TimeSpent } from './time-spent.ts'

const to: RouteDefinition['to'] = [{ kind: 'channel', channel: 'out' }]
const second = { count: 1, perMs: 1_000 }

function rig(given: Partial<RouteDefinition>) {
  const clock = new ManualClock()
  const router = new Router({
    clock,
    taps: new TapRing(),
    quarantine: { hold: () => {} },
    makeTarget: (_route, _to, ledger) => ({
      offer: () => {
        ledger.deliver()
        return 'delivered'
      },
      retire: () => {},
    }),
  })
  const load = (change: Partial<RouteDefinition> = {}) => router.load([route('r', { to, ...given, ...change })])
  load()
  const send = (...payloads: readonly string[]) => {
    for (const payload of payloads) router.take('in/a', Buffer.from(payload), 1, false, clock.wall())
  }
  const told = () => router.reportRoutes(0, undefined, true).stages
  /** Each stage as `in ended failed waiting`. */
  const stages = () =>
    (told()[0]?.stages ?? []).map(
      ({ stage, in: entered, ended, failed, waiting }) => `${stage} ${entered} ${ended} ${failed} ${waiting}`,
    )
  return { clock, router, load, send, told, stages }
}

describe('The stages of a route', () => {
  it('count what came to each and what ended there, in the order in which a message goes through them', () => {
    const { send, stages, told } = rig({
      where: 'topicName == "in/a" && payload.kind != "other"',
      validate: { type: 'object', required: ['battery'] },
      tag: { expression: 'payload.battery > 5.0 ? "well" : "flat"', of: [['well']] },
      enrich: { half: 'payload.battery / 2.0' },
      map: '{"half": payload.half, "unit": payload.unit}',
    })
    const well = '{"battery": 50, "unit": 1}'
    send('no JSON', '{"kind": "other"}', '{}', '{"kind": "x"}', '{"kind": "x", "battery": 1}', well)
    send('{"kind": "x", "battery": 50}', '{"kind": "x", "battery": 50, "unit": 2}')
    expect(stages()).toEqual([
      'payload 8 0 1 0',
      // What the message does not say it does not match: two have no kind.
      'where 7 3 0 0',
      'validate 4 0 1 0',
      'tag 3 1 0 0',
      'enrich 2 0 0 0',
      'map 2 0 1 0',
    ])
    expect(told()).toEqual([])
  })

  it('name only those that the route has, the payload behind a condition that does not look at it', () => {
    const { stages, load } = rig({ where: 'retained' })
    expect(stages()).toEqual(['where 0 0 0 0'])
    load({ where: '!retained', map: 'payload' })
    expect(stages()).toEqual(['where 0 0 0 0', 'payload 0 0 0 0', 'map 0 0 0 0'])
    load({})
    load({ where: null })
    expect(stages()).toEqual([])
  })

  it('count a message under a limit as waiting until it goes on, or gives way to a newer one', async () => {
    const { send, stages, clock } = rig({ limit: { rate: second, per: 'route', keep: 'latest' }, map: 'payload' })
    send('1', '2', '3')
    expect(stages()).toEqual(['payload 3 0 0 0', 'limit 3 1 0 1', 'map 1 0 0 0'])
    await clock.advance(1_000)
    expect(stages()).toEqual(['payload 3 0 0 0', 'limit 3 1 0 0', 'map 2 0 0 0'])
  })

  it('count a message as waiting for its batch, and as failed when that cannot be made', async () => {
    const batch = { windowMs: 1_000, most: 3, bytes: 65_536, per: 'route', as: '{"n": mean(items)}' } as const
    const { send, stages, clock } = rig({ batch })
    send('1', '2')
    expect(stages()).toEqual(['payload 2 0 0 0', 'batch 2 0 0 2'])
    send('3', '4', '"x"')
    await clock.advance(1_000)
    expect(stages()).toEqual(['payload 5 0 0 0', 'batch 5 0 2 0'])
  })

  it('begin anew with a changed route and go on with one that stays, and say since when they count', async () => {
    const { send, load, told, clock } = rig({ where: 'true' })
    const since = clock.wall()
    send('1')
    await clock.advance(5_000)
    load()
    send('2')
    expect(told()).toMatchObject([{ since, stages: [{ in: 2 }] }])
    load({ where: 'false' })
    expect(told()).toMatchObject([{ since: since + 5_000, stages: [{ in: 0 }] }])
  })

  it('say why the newest message failed, and who had published it', () => {
    const { router, told, clock } = rig({ validate: { type: 'number', maximum: 100 } })
    const sender = { client: 'desk-9', user: null }
    router.take('in/a', Buffer.from('150'), 1, false, clock.wall(), null, null, sender)
    expect(told()[0]?.stages[1]).toMatchObject({
      stage: 'validate',
      failed: 1,
      client: 'desk-9',
      reason: expect.stringMatching(/"validate" refused it: .*100/),
    })
  })
})

describe('The time that a stage takes', () => {
  it('is measured for one message in 100 ms, each stage by itself', () => {
    let now = 0
    let asked = 0
    const clock = {
      wall: () => 0,
      monotonic: () => {
        asked++
        return now
      },
    }
    const meter = new StageMeter('r', ['where', 'map'], clock)
    const pass = (at: number, ms: number) => {
      meter.begin(at)
      meter.enter(meter.where)
      now += ms
      meter.enter(meter.map)
      now += 3 * ms
      meter.leave()
    }
    pass(1_000, 1)
    const forOne = asked
    for (let at = 1_001; at < 1_100; at++) pass(at, 50)
    expect(asked).toBe(forOne)
    pass(1_100, 3)
    expect(meter.takeChanged()?.stages).toMatchObject([
      { stage: 'where', in: 101, meanUs: 2_000 },
      { stage: 'map', in: 101, meanUs: 6_000 },
    ])
  })

  it('is not that of a message that goes on in between', () => {
    let now = 0
    const meter = new StageMeter('r', ['limit', 'map'], { wall: () => 0, monotonic: () => now })
    meter.begin(0)
    meter.enter(meter.limit)
    const place = meter.turnTo(0)
    now += 1_000
    meter.turnBack(place)
    meter.wait()
    expect(meter.limit).toMatchObject({ waiting: 1, time: { meanUs: null } })
    expect(meter.endedAt).toBe('limit')
  })

  it('is told as a mean and as what 99 of 100 did not exceed, the newest few thousand counting', () => {
    const time = new TimeSpent()
    expect([time.meanUs, time.p99Us]).toEqual([null, null])
    for (let n = 0; n < 980; n++) time.add(0.01)
    for (let n = 0; n < 20; n++) time.add(1)
    expect(time.meanUs).toBe(29.8)
    expect(time.p99Us).toBeGreaterThanOrEqual(1_000)
    expect(time.p99Us).toBeLessThan(1_420)
    for (let n = 0; n < 40_000; n++) time.add(0.002)
    expect(time.meanUs).toBeLessThan(2.1)
    expect(time.p99Us).toBeLessThan(3)
  })
})

describe('The board of stages', () => {
  it('shows what went on, and the last minute, which ends when nothing comes any more', async () => {
    const clock = new ManualClock()
    const slice = openStateHub({ clock, logger: silentLogger }).slice('stages')
    const board = new StageBoard(slice, clock)
    const counts = (entered: number, failed: number, since = 1) => {
      const rest = { ended: 0, waiting: 0, reason: 'x', client: '', meanUs: 1, p99Us: 2 }
      return [{ route: 'r', since, stages: [{ stage: 'validate' as const, in: entered, failed, ...rest }] }]
    }
    const shown = () => slice.get('r')?.stages[0]
    board.report(counts(10, 4))
    expect(shown()).toMatchObject({ in: 10, out: 6, failed: 4, minute: { in: 10, ended: 0, failed: 4 } })
    for (let n = 0; n < 30; n++) {
      await clock.advance(1_000)
      board.turn()
    }
    board.report(counts(12, 6))
    expect(shown()?.minute).toEqual({ in: 12, ended: 0, failed: 6 })
    for (let n = 0; n < 45; n++) {
      await clock.advance(1_000)
      board.turn()
    }
    expect(shown()?.minute).toEqual({ in: 2, ended: 0, failed: 2 })
    for (let n = 0; n < 60; n++) {
      await clock.advance(1_000)
      board.turn()
    }
    expect(shown()).toMatchObject({ in: 12, minute: { in: 0, ended: 0, failed: 0 } })
    board.report(counts(1, 0, 2))
    expect(shown()).toMatchObject({ in: 1, minute: { in: 1, failed: 0 } })
    board.define([])
    expect(slice.all()).toEqual({})
  })
})
