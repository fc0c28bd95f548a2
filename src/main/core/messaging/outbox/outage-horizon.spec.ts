import { afterEach, describe, expect, it } from 'vitest'
import type { RoutePriority, RouteTarget, TargetOrder } from '#core/config/index.ts'
import { boundsInWords, horizonInWords } from '#shared/outbox-words.ts'
import { route } from '../../../../../test/support/messaging-rig.ts'
import { StoreWriter } from '../../../../../test/support/store-writer.ts'
import { until } from '../../../../../test/support/until.ts'
import { IncomingMessage } from '../incoming-message.ts'
import { RouteLedger } from '../ledger.ts'
import { StorePort } from '../store-line.ts'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import { Outbox } from './outbox.ts'
import { firstBounds } from './outbox-room.ts'
import type { OutboxRow } from './outbox-rows.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

/** An outbox whose clock the specification turns, and whose targets take nothing until they are let. */
function rig() {
  const writer = new StoreWriter()
  const port = new StorePort(() => {})
  const clock = { wall: 1_000_000, monotonic: 0 }
  let isOpen = false
  const way: Delivery = {
    room: () => (isOpen ? 1_000 : 0),
    deliver: (_row: OutboxRow, _address: string, done: (failure: DeliveryFailure | null) => void) =>
      void setImmediate(() => done(null)),
  }
  const outbox = new Outbox({
    port,
    random: () => 0,
    now: () => clock.wall,
    monotonic: () => clock.monotonic,
    onProgress: () => {},
    log: () => {},
  })
  outbox.use('mqtt', way)
  writer.serve((one) => port.attach(one))
  ends.push(
    () => writer[Symbol.dispose](),
    () => {
      outbox[Symbol.dispose]()
      port.close()
    },
  )
  const message = new IncomingMessage()
  const settled = () => until('every row to be safe', () => outbox.line.pending === 0)
  const advance = async (ms: number) => {
    await settled()
    clock.wall += ms
    clock.monotonic += ms
    outbox.sweep()
  }
  const target = (id: string, given: { readonly priority?: RoutePriority } & TargetOrder = {}) => {
    const { priority = 'normal', ...order } = given
    const to: RouteTarget = { kind: 'mqtt', topic: id, qos: 1, retain: false, ...order }
    const definition = route(id, { priority, to: [to] })
    const [ledger] = new RouteLedger(definition).targets
    if (!ledger) throw new Error('the route has a target')
    const its = outbox.target(definition, to, id, ledger)
    return {
      ledger,
      send(key: string, text = 'x') {
        message.hold('in', ['in'], Buffer.from(text), clock.wall, false, 1)
        outbox.senderWaits = true
        its.offer(message, message.bytes, key)
      },
    }
  }
  const open = async () => {
    isOpen = true
    outbox.wake('mqtt', true)
  }
  return { outbox, target, advance, settled, open, clock }
}

describe('The outage horizon', () => {
  it('is not known at first; then tells when the outbox is full at the rate of the last minute, and who goes first', async () => {
    const { outbox, target, advance, clock } = rig()
    outbox.bound({ ...firstBounds, rows: 10_000 })
    const low = target('low', { priority: 'low' })
    const high = target('high', { priority: 'high' })
    await advance(0)
    high.send('a')
    expect(outbox.horizon()).toBeNull()
    for (let second = 0; second < 60; second++) {
      for (let n = 0; n < 4; n++) low.send('a')
      high.send('a')
      await advance(1_000)
    }
    const horizon = outbox.horizon()
    expect(horizon).toMatchObject({ bound: 'messages', first: { route: 'low', priority: 'low' } })
    expect(horizon?.perSecond).toBeCloseTo(5, 0)
    expect((horizon?.fullInMs ?? 0) / ((10_000 - 301) / 5)).toBeCloseTo(1_000, -2)
    expect(horizon?.endsAt).toBe(1_000_000 + firstBounds.ageMs)
    expect(clock.monotonic).toBe(60_000)
  })

  it('goes by size where that is reached first', async () => {
    const { outbox, target, advance } = rig()
    outbox.bound({ ...firstBounds, bytes: 100_000 })
    const one = target('one')
    for (let second = 0; second < 10; second++) {
      one.send('a', 'x'.repeat(1_000))
      await advance(1_000)
    }
    expect(outbox.horizon()).toMatchObject({ bound: 'size', fullInMs: 90_000 })
  })

  it('is true where of a key the latest alone waits: with so many keys it does not grow', async () => {
    const { outbox, target, advance } = rig()
    const one = target('one', { key: 'k', keep: 'latest' })
    for (let second = 0; second < 80; second++) {
      for (let n = 0; n < 20; n++) one.send(`k${n}`)
      await advance(1_000)
    }
    expect(outbox.horizon()).toMatchObject({ perSecond: 0, fullInMs: null, first: { route: 'one' } })
  })

  it('does not count what a target takes as fast as it comes, and counts all of it once it takes nothing', async () => {
    const { outbox, target, advance, open, settled } = rig()
    await open()
    const one = target('one')
    for (let second = 0; second < 20; second++) {
      one.send('a')
      await settled()
      await until('it to be delivered', () => one.ledger.queued === 0)
      await advance(1_000)
    }
    one.send('a')
    expect(outbox.horizon()).toMatchObject({ perSecond: expect.closeTo(0.1, 1) })
    outbox.hold(true)
    for (let second = 0; second < 10; second++) {
      one.send('a')
      await advance(1_000)
    }
    expect(outbox.horizon()?.perSecond).toBeCloseTo(1, 0)
  })

  it('says that it is full, and that senders wait where that is the rule', async () => {
    const { outbox, target, advance } = rig()
    outbox.bound({ ...firstBounds, rows: 5, whenFull: 'refuse' })
    const one = target('one')
    for (let n = 0; n < 10; n++) {
      if (n < 5) one.send('a')
      await advance(1_000)
    }
    const horizon = outbox.horizon()
    expect(horizon).toMatchObject({ fullInMs: 0, first: null })
  })
})

describe('The horizon in words', () => {
  const bounds = { rows: 1_000_000, bytes: 1024 ** 3, ageMs: 7 * 86_400_000, whenFull: 'drop-lowest' } as const
  const horizon = {
    perSecond: 25,
    fullInMs: 33_600_000,
    bound: 'messages',
    first: { route: 'logs', priority: 'low' },
    endsAt: 86_400_000,
  } as const

  it('says when it is full and what goes first, or that it is not known, full, or does not grow', () => {
    expect(horizonInWords({ horizon, bounds }, 0)).toBe(
      'At this rate (25/s) it is full in 9 h 20 min; then the oldest of route logs (priority low) go first.',
    )
    expect(horizonInWords({ horizon: { ...horizon, perSecond: 0.05, endsAt: 60_000 }, bounds }, 0)).toBe(
      'At this rate (3.0 a minute) it is full in 9 h 20 min; then the oldest of route logs (priority low) go first. The first is given up for its age in 1 min.',
    )
    expect(horizonInWords({ horizon: null, bounds }, 0)).toMatch(/not known yet/)
    expect(horizonInWords({ horizon: { ...horizon, fullInMs: null }, bounds }, 0)).toBe(
      'It does not grow at present. The first is given up for its age in 1 d.',
    )
    const refuse = { ...bounds, whenFull: 'refuse' } as const
    expect(horizonInWords({ horizon: { ...horizon, fullInMs: 0, first: null }, bounds: refuse }, 0)).toMatch(
      /^It is full: publishers of QoS 1 and 2 wait/,
    )
    expect(boundsInWords(bounds)).toBe(
      'It may hold 1,000,000 messages, 1.1 GB, each for 7 d; when it is full, the oldest of the least urgent route go.',
    )
  })
})
