import { describe, expect, it } from 'vitest'
import type { AttentionDraft } from '#core/attention/index.ts'
import type { EventDraft } from '#core/events/index.ts'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { recordingAttention, recordingEvents, route } from '../../../../test/support/messaging-rig.ts'
import type { RouteCounts } from './protocol.ts'
import { RouteBoard } from './route-board.ts'
import { RouterWatch } from './router-watch.ts'
import { TrafficBoard } from './traffic-board.ts'

const desk = route('desk', { from: 'in', to: [{ kind: 'journal', keepMs: 1_000 }] })

function counts(received: number, given: Partial<RouteCounts> = {}, queued = 0, dropped = 0): RouteCounts {
  const { filtered = 0, limited = 0, held = 0, quarantined = 0 } = given
  const delivered = received - filtered - limited - held - quarantined - queued - dropped
  const rest = { expired: 0, passedOver: 0, quarantined: 0, merged: 0, carried: 0, lastError: null, failingSince: null }
  const target = { name: 'journal', kind: 'journal' as const, delivered, queued, dropped, ...rest }
  const left = { filtered, limited, held, secured: 0, merged: 0, restored: 0, quarantined, looped: 0 }
  return { id: 'desk', received, ...left, lastAt: 1, lastError: null, calls: null, targets: [target], ...given }
}

function parts() {
  const clock = new ManualClock()
  const state = openStateHub({ clock, logger: silentLogger })
  const { events, log } = recordingEvents()
  const { raised, attention } = recordingAttention()
  return { clock, state, events, log, raised, attention, kinds: () => kindsOf(events), titles: () => titlesOf(raised) }
}

const kindsOf = (events: readonly EventDraft[]) => events.map(({ kind }) => kind)
const titlesOf = (raised: readonly AttentionDraft[]) => raised.map(({ id }) => id)

describe('The board of routes', () => {
  it('tells the first failure of a streak, once, and the recovery after a minute without one', async () => {
    const { clock, state, log, attention, kinds, titles } = parts()
    const board = new RouteBoard({ slice: state.slice('routes'), events: log, attention, clock })
    board.define([desk])
    board.report([counts(1)])
    board.report([counts(2, { quarantined: 1, lastError: 'the payload is not JSON' })])
    await clock.advance(30_000)
    board.report([counts(4, { quarantined: 2 })])
    expect(kinds()).toEqual(['route.failing'])
    expect(titles()).toEqual(['route-failing:desk'])
    await clock.advance(59_000)
    board.report([counts(100, { quarantined: 2 })])
    expect(kinds()).toHaveLength(1)
    await clock.advance(1_000)
    board.turn()
    expect(kinds()).toEqual(['route.failing', 'route.recovered'])
    expect(titles()).toEqual([])
    board.report([counts(101, { quarantined: 3 })])
    expect(kinds()).toHaveLength(3)
  })

  it('adds up over a crash of the data plane: what was queued or waited for its turn is counted as dropped', () => {
    const { clock, state, log, attention } = parts()
    const board = new RouteBoard({ slice: state.slice('routes'), events: log, attention, clock })
    board.define([desk])
    board.report([counts(10, { filtered: 2, held: 2 }, 3)])
    board.crashed()
    expect(state.slice('routes').get('desk')).toMatchObject({
      received: 10,
      held: 0,
      targets: [{ delivered: 3, queued: 0, dropped: 5 }],
    })
    board.report([counts(4, {}, 1)])
    expect(state.slice('routes').get('desk')).toMatchObject({
      received: 14,
      filtered: 2,
      targets: [{ delivered: 6, queued: 1, dropped: 5 }],
    })
  })

  it('begins anew for a route that was changed, keeps one that was not, and forgets one that went', () => {
    const { clock, state, log, attention } = parts()
    const board = new RouteBoard({ slice: state.slice('routes'), events: log, attention, clock })
    const other = { ...desk, id: 'other' }
    board.define([desk, other])
    board.report([counts(5), { ...counts(7), id: 'other' }])
    board.define([{ ...desk, where: 'true' }, other])
    expect(state.slice('routes').get('desk')?.received).toBe(0)
    expect(state.slice('routes').get('other')?.received).toBe(7)
    board.define([desk])
    expect(state.slice('routes').get('other')).toBeUndefined()
  })

  it('shows messages a second over the last second, back to nothing when they end', async () => {
    const { clock, state, log, attention } = parts()
    const board = new RouteBoard({ slice: state.slice('routes'), events: log, attention, clock })
    board.define([desk])
    for (let n = 0; n <= 8; n++) {
      board.report([counts(n * 25)])
      await clock.advance(250)
    }
    expect(state.slice('routes').get('desk')?.perSecond).toBeCloseTo(100, 0)
    for (let n = 0; n < 8; n++) {
      board.turn()
      await clock.advance(250)
    }
    expect(state.slice('routes').get('desk')?.perSecond).toBe(0)
  })
})

describe('The board of the traffic', () => {
  it('goes on counting over a crash, and gathers one value of history each two seconds', async () => {
    const { clock, state } = parts()
    const board = new TrafficBoard(state.slice('traffic'), clock)
    const shown = () => state.slice('traffic').get('traffic')
    board.report({ received: 100, quarantined: 1, topics: [], topicsHidden: 3 })
    await clock.advance(2_000)
    board.crashed()
    board.report({ received: 20, quarantined: 0, topics: null, topicsHidden: 0 })
    await clock.advance(2_000)
    expect(shown()).toMatchObject({ received: { total: 120, history: [50, 10] }, quarantined: 1, topicsHidden: 3 })
    await clock.advance(200_000)
    expect(shown()?.received.history).toHaveLength(60)
    board[Symbol.dispose]()
    expect(clock.waiting).toBeLessThanOrEqual(1) // the state's own
  })
})

describe('The watch on the router', () => {
  it('raises a lasting absence of the broker, and clears it when it is back', async () => {
    const { clock, log, attention, kinds, titles } = parts()
    using watch = new RouterWatch({ events: log, attention, clock })
    watch.know(['plant'])
    watch.link('plant', 'connecting', '')
    watch.link('plant', 'connected', '')
    watch.link('plant', 'connecting', 'The broker closed the connection.')
    await clock.advance(9_000)
    expect(titles()).toEqual([])
    await clock.advance(1_000)
    expect(titles()).toEqual(['router-disconnected:plant'])
    watch.link('plant', 'connected', '')
    expect(titles()).toEqual([])
    expect(kinds()).toEqual(['router.connected', 'router.disconnected', 'router.connected'])
  })

  it('raises nothing for a broker that is off on purpose', async () => {
    const { clock, log, attention, titles } = parts()
    using watch = new RouterWatch({ events: log, attention, clock })
    watch.know(['plant'])
    watch.link('plant', 'connecting', '')
    watch.brokerOff('plant')
    await clock.advance(60_000)
    expect(titles()).toEqual([])
  })

  it('names the broker that is away where there are several, and forgets it when the site no longer has it', async () => {
    const { clock, log, attention, titles } = parts()
    using watch = new RouterWatch({ events: log, attention, clock })
    watch.know(['plant', 'lab'])
    watch.link('plant', 'connected', '')
    watch.link('lab', 'connecting', 'Nobody answers.')
    await clock.advance(11_000)
    expect(titles()).toEqual(['router-disconnected:lab'])
    watch.know(['plant'])
    expect(titles()).toEqual([])
  })

  it('raises a data plane that ends three times within a minute', async () => {
    const { clock, log, attention, kinds, titles } = parts()
    using watch = new RouterWatch({ events: log, attention, clock })
    for (let n = 0; n < 2; n++) watch.crashed('out of memory', 200)
    await clock.advance(61_000)
    watch.crashed('out of memory', 200)
    watch.crashed('out of memory', 200)
    expect(titles()).toEqual([])
    watch.crashed('out of memory', 200)
    expect(titles()).toEqual(['router-crashing'])
    expect(kinds()).toEqual(Array.from({ length: 5 }, () => 'router.crashed'))
  })
})
