import { afterEach, describe, expect, it } from 'vitest'
import type { OutboxBounds, RoutePriority } from '#core/config/index.ts'
import { route } from '../../../../../test/support/messaging-rig.ts'
import { StoreWriter } from '../../../../../test/support/store-writer.ts'
import { until } from '../../../../../test/support/until.ts'
import { IncomingMessage } from '../incoming-message.ts'
import { RouteLedger } from '../ledger.ts'
import { StorePort } from '../store-line.ts'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import { Outbox } from './outbox.ts'
import type { OutboxRow } from './outbox-rows.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

/** A way that the specification opens, shuts and answers for. */
class Way implements Delivery {
  readonly got: string[] = []
  readonly addresses: string[] = []
  open = true
  window = 1_000
  verdict: (row: OutboxRow) => DeliveryFailure | null = () => null
  #underWay = 0

  room(): number {
    return this.open ? this.window - this.#underWay : 0
  }

  deliver(row: OutboxRow, address: string, done: (failure: DeliveryFailure | null) => void): void {
    this.#underWay++
    setImmediate(() => {
      this.#underWay--
      const failure = this.verdict(row)
      if (failure === null) {
        this.got.push(row.payload.toString())
        this.addresses.push(address)
      }
      done(failure)
    })
  }
}

const bounds: OutboxBounds = { rows: 1_000_000, bytes: 1024 ** 3, ageMs: 86_400_000, whenFull: 'drop-lowest' }

function rig(writer = new StoreWriter()) {
  const port = new StorePort(() => {})
  const clock = { now: 1_000_000 }
  const way = new Way()
  let progress = 0
  const outbox = new Outbox({
    port,
    random: () => 0,
    now: () => clock.now,
    onProgress: () => progress++,
    log: () => {},
  })
  outbox.use('mqtt', way)
  writer.serve((one) => port.attach(one))
  const close = () => {
    outbox[Symbol.dispose]()
    port.close()
  }
  ends.push(() => writer.cut(), close)
  const message = new IncomingMessage()
  /** A target of its own route, and a way to hand it messages. */
  const target = (id: string, given: { readonly priority?: RoutePriority; readonly expiresMs?: number } = {}) => {
    const to = { kind: 'mqtt', topic: `out/${id}`, qos: 1, retain: false } as const
    const definition = route(id, { ...given, to: [to] })
    const ledger = new RouteLedger(definition)
    const [account] = ledger.targets
    if (!account) throw new Error('the route has a target')
    const its = outbox.target(definition, to, to.topic, account)
    return {
      send(text: string, senderWaits = true) {
        message.hold('in', ['in'], Buffer.from(text), clock.now, false, 1, null, { client: 'desk-7', user: null })
        outbox.senderWaits = senderWaits
        ledger.receive(clock.now)
        return its.offer(message, message.bytes)
      },
      retire: () => its.retire(),
      counts: () => account.counts(),
    }
  }
  const rows = () => writer.all<{ n: number }>('SELECT count(*) AS n FROM outbox')[0]?.n
  const settled = () => until('every row to be safe', () => outbox.line.pending === 0)
  return { outbox, port, way, clock, target, rows, settled, writer, close, progress: () => progress }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n))

describe('The outbox', () => {
  it('delivers in order what is far more than it keeps in memory, and deletes what has arrived', async () => {
    const { way, target, rows, settled, outbox } = rig()
    way.open = false
    const one = target('one')
    for (const n of numbers(2_000)) one.send(n)
    await settled()
    expect(rows()).toBe(2_000)
    expect(one.counts()).toMatchObject({ queued: 2_000, delivered: 0 })
    way.open = true
    outbox.wake('mqtt')
    for (const n of numbers(500)) one.send(`new ${n}`)
    await until('all to arrive', () => way.got.length === 2_500)
    expect(way.got).toEqual([...numbers(2_000), ...numbers(500).map((n) => `new ${n}`)])
    await until('the disk to be empty', () => rows() === 0)
    expect(one.counts()).toMatchObject({ queued: 0, delivered: 2_500 })
  })

  it('sends nothing that is not safe on the disk, and keeps the order when the disk hesitates', async () => {
    const { way, target, writer, settled } = rig()
    const one = target('one')
    one.send('first')
    await until('it to arrive', () => way.got.length === 1)
    let refusals = 3
    writer.outcome = () => (refusals-- > 0 ? { reason: 'SQLITE_FULL', retryable: true } : null)
    for (const n of numbers(1_200)) one.send(n)
    await until('the disk to have refused', () => refusals < 1)
    expect(way.got).toEqual(['first'])
    await settled()
    await until('all to arrive', () => way.got.length === 1_201)
    expect(way.got).toEqual(['first', ...numbers(1_200)])
    expect(one.counts().lastError).toBe('SQLITE_FULL')
  })

  it('writes a row once when the answer to the first attempt was lost with the writer', async () => {
    const { way, target, writer, port, rows, settled } = rig()
    way.open = false
    const one = target('one')
    for (const n of numbers(40)) one.send(n)
    await new Promise((resolve) => setImmediate(resolve))
    writer.serve((again) => port.attach(again))
    await settled()
    expect(rows()).toBe(40)
  })

  it('goes on after a restart, also for a route that is gone, and counts what it carried over', async () => {
    const writer = new StoreWriter()
    {
      const { way, target, settled, close } = rig(writer)
      way.open = false
      const [one, gone] = [target('one'), target('gone')]
      for (const n of numbers(700)) one.send(n)
      gone.send('left')
      await settled()
      close()
    }
    const { way, target, rows } = rig(writer)
    const one = target('one')
    await until('all to arrive', () => way.got.length === 701)
    expect(way.got.filter((text) => text !== 'left')).toEqual(numbers(700))
    expect(way.addresses).toContain('out/gone')
    expect(one.counts()).toMatchObject({ carried: 700, delivered: 700, queued: 0 })
    await until('the disk to be empty', () => rows() === 0)
  })

  it('gives a message that its target refuses five times to quarantine, with the reason, and delivers the others', async () => {
    const { way, target, writer, rows, outbox } = rig()
    way.verdict = ({ payload }) => (payload === 'bad' ? { reason: 'not authorized', permanent: true } : null)
    const one = target('one')
    for (const text of ['a', 'bad', 'b']) one.send(text)
    await until('it to be refused for good', () => {
      outbox.wake('mqtt', true)
      return one.counts().quarantined === 1
    })
    await until('the others', () => way.got.length === 2)
    expect(way.got.toSorted()).toEqual(['a', 'b'])
    await until('it to be in quarantine', () => rows() === 0)
    expect(writer.all('SELECT route, topic, payload, reason, target, client FROM quarantine')).toEqual([
      {
        route: 'one',
        topic: 'in',
        payload: 'bad',
        reason: 'mqtt:out/one refused it 5 times: not authorized',
        target: 'mqtt:out/one',
        client: 'desk-7',
      },
    ])
    expect(one.counts()).toMatchObject({ delivered: 2, queued: 0, quarantined: 1 })
  })

  it('tries again what a lost connection took, as often as it takes', async () => {
    const { way, target, outbox } = rig()
    let losses = 8
    way.verdict = () => (losses-- > 0 ? { reason: 'the connection was lost', permanent: false } : null)
    const one = target('one')
    one.send('a')
    await until('it to arrive', () => {
      outbox.wake('mqtt', true)
      return way.got.length === 1
    })
    expect(one.counts()).toMatchObject({ delivered: 1, quarantined: 0 })
  })

  it('lets the urgent go first, and nobody wait for ever', async () => {
    const { way, target, settled, outbox } = rig()
    way.open = false
    way.window = 1
    const low = target('low', { priority: 'low' })
    const critical = target('critical', { priority: 'critical' })
    for (const n of numbers(200)) low.send(`low ${n}`)
    for (const n of numbers(200)) critical.send(`critical ${n}`)
    await settled()
    way.open = true
    outbox.wake('mqtt')
    await until('all to arrive', () => way.got.length === 400)
    const first = way.got.slice(0, 150)
    expect(first.filter((text) => text.startsWith('critical')).length).toBeGreaterThan(120)
    expect(first.some((text) => text.startsWith('low'))).toBe(true)
    expect(way.got.filter((text) => text.startsWith('low'))).toEqual(numbers(200).map((n) => `low ${n}`))
  })

  it('gives up the oldest of the least urgent when it is full, and what comes when everything else is more urgent', async () => {
    const { way, target, settled, outbox, rows } = rig()
    outbox.bound({ ...bounds, rows: 10 })
    way.open = false
    const low = target('low', { priority: 'low' })
    const high = target('high', { priority: 'high' })
    for (const n of numbers(5)) low.send(n)
    for (const n of numbers(5)) high.send(n)
    await settled()
    expect(high.send('5')).toBe('queued')
    expect(low.counts()).toMatchObject({ queued: 4, dropped: 1, lastError: 'the outbox was full' })
    for (const n of numbers(4)) high.send(n)
    await settled()
    expect(low.send('late')).toBe('dropped')
    expect(low.counts()).toMatchObject({ queued: 0, dropped: 6 })
    expect(high.counts()).toMatchObject({ queued: 10, dropped: 0 })
    await until('the disk to hold no more', () => rows() === 10)
  })

  it('takes no more than it may when it refuses instead, and has senders wait', async () => {
    const { way, target, settled, outbox, progress } = rig()
    outbox.bound({ ...bounds, rows: 3, whenFull: 'refuse' })
    way.open = false
    const one = target('one')
    for (const n of numbers(3)) one.send(n)
    await settled()
    expect(outbox.refuses).toBe(true)
    expect(one.send('nobody keeps it', false)).toBe('dropped')
    const before = progress()
    way.open = true
    outbox.wake('mqtt')
    await until('room', () => !outbox.refuses)
    expect(progress()).toBeGreaterThan(before)
  })

  it('gives up what nobody wants any more, by the wall clock, also after a restart', async () => {
    const writer = new StoreWriter()
    {
      const { way, target, settled, close } = rig(writer)
      way.open = false
      const one = target('one', { expiresMs: 60_000 })
      one.send('old')
      await settled()
      close()
    }
    const { way, target, clock, outbox, settled, rows } = rig(writer)
    way.open = false
    const one = target('one', { expiresMs: 60_000 })
    clock.now += 30_000
    one.send('new')
    await settled()
    await until('the old one to be known', () => one.counts().queued === 2)
    clock.now += 30_000
    await until('the old one to be over', () => {
      outbox.sweep()
      return one.counts().expired === 1
    })
    way.open = true
    outbox.wake('mqtt')
    await until('the new one', () => way.got.length === 1)
    expect(way.got).toEqual(['new'])
    await until('the disk to be empty', () => rows() === 0)
  })

  it('gives up the one row that a person discards, in memory or on the disk alone, and delivers the others in order', async () => {
    const { way, target, settled, outbox, rows, writer } = rig()
    way.open = false
    const one = target('one')
    for (const n of numbers(1_500)) one.send(n)
    await settled()
    const seqs = writer.all<{ seq: number }>('SELECT seq FROM outbox ORDER BY seq').map(({ seq }) => seq)
    const order = { route: 'one', target: 'mqtt:out/one', bytes: 1, what: 'discard' } as const
    for (const n of [3, 1_400]) expect(outbox.settle({ ...order, seq: seqs[n] ?? 0 })).toBe('done')
    for (const n of [3, 1_400]) expect(outbox.settle({ ...order, seq: seqs[n] ?? 0 })).toBe('gone')
    expect(one.counts()).toMatchObject({ queued: 1_498, expired: 2 })
    way.open = true
    outbox.wake('mqtt')
    await until('the others to arrive', () => way.got.length === 1_498)
    expect(way.got).toEqual(numbers(1_500).filter((n) => n !== '3' && n !== '1400'))
    await until('the disk to be empty', () => rows() === 0)
    expect(one.counts()).toMatchObject({ queued: 0, delivered: 1_498, expired: 2 })
  })

  it('tries a target at once when a person says so, whatever its pause', async () => {
    const { way, target, outbox } = rig()
    way.verdict = () => ({ reason: 'the connection was lost', permanent: false })
    const one = target('one')
    one.send('a')
    await until('it to have failed', () => one.counts().lastError !== null)
    way.verdict = () => null
    outbox.settle({ seq: 0, route: 'one', target: 'mqtt:out/one', bytes: 1, what: 'send' })
    await until('it to arrive', () => way.got.length === 1)
  })

  it('holds deliveries while somebody works on the site, and takes what comes in', async () => {
    const { way, target, settled, outbox } = rig()
    outbox.hold(true)
    const one = target('one')
    for (const n of numbers(3)) one.send(n)
    await settled()
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(way.got).toEqual([])
    outbox.hold(false)
    await until('all to arrive', () => way.got.length === 3)
  })
})
