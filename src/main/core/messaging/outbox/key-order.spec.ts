import { afterEach, describe, expect, it } from 'vitest'
import type { RouteTarget, TargetOrder } from '#core/config/index.ts'
import { route } from '../../../../../test/support/messaging-rig.ts'
import { StoreWriter } from '../../../../../test/support/store-writer.ts'
import { until } from '../../../../../test/support/until.ts'
import { IncomingMessage } from '../incoming-message.ts'
import { RouteLedger } from '../ledger.ts'
import { boundedKey } from '../message-key.ts'
import { StorePort } from '../store-line.ts'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import { Outbox } from './outbox.ts'
import { firstBounds } from './outbox-room.ts'
import type { OutboxRow } from './outbox-rows.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

type Done = (failure: DeliveryFailure | null) => void

/** A way of which the specification answers each delivery when it likes. */
class Way implements Delivery {
  window = 1_000
  readonly sent: string[] = []
  readonly underWay = new Map<OutboxRow, Done>()

  room(): number {
    return this.window - this.underWay.size
  }

  deliver(row: OutboxRow, _address: string, done: Done): void {
    this.sent.push(row.payload.toString())
    this.underWay.set(row, done)
  }

  answer(row: OutboxRow, failure: DeliveryFailure | null): void {
    const done = this.underWay.get(row)
    this.underWay.delete(row)
    done?.(failure)
  }

  /** Answers what is under way and has this payload. */
  answerTo(text: string, failure: DeliveryFailure | null = null): void {
    const row = [...this.underWay.keys()].find(({ payload }) => payload === text)
    if (!row) throw new Error(`${text} is not under way`)
    this.answer(row, failure)
  }

  /** Confirms all that is sent until nothing more comes. */
  async drain(isEmpty: () => boolean, wake: () => void): Promise<void> {
    await until('everything to be sent', () => {
      for (const row of this.underWay.keys()) this.answer(row, null)
      wake()
      return isEmpty() && this.underWay.size === 0
    })
  }
}

const refused = { reason: 'refused', permanent: true }
const away = { reason: 'away', permanent: false }

/** One run of an outbox for one target of a route; a writer may outlive several. */
function run(writer: StoreWriter, order: TargetOrder = { key: 'k' }, window = 1_000) {
  const port = new StorePort(() => {})
  const way = new Way()
  way.window = window
  const outbox = new Outbox({ port, random: () => 0, now: () => Date.now(), onProgress: () => {}, log: () => {} })
  outbox.use('mqtt', way)
  writer.serve((one) => port.attach(one))
  const to: RouteTarget = { kind: 'mqtt', topic: 'out', qos: 1, retain: false, ...order }
  const definition = route('one', { to: [to] })
  const ledger = new RouteLedger(definition)
  const [account] = ledger.targets
  if (!account) throw new Error('the route has a target')
  const target = outbox.target(definition, to, 'out', account)
  const message = new IncomingMessage()
  outbox.senderWaits = true
  const close = () => {
    outbox[Symbol.dispose]()
    port.close()
  }
  ends.push(close)
  return {
    outbox,
    way,
    port,
    close,
    counts: () => account.counts(),
    send(key: string | null, text: string) {
      message.hold('in', ['in'], Buffer.from(text), Date.now(), false, 1)
      return target.offer(message, message.bytes, key)
    },
    settled: () => until('every row to be safe', () => outbox.line.pending === 0),
    wake: () => outbox.wake('mqtt', true),
  }
}

function newWriter(): StoreWriter {
  const writer = new StoreWriter()
  ends.push(() => writer[Symbol.dispose]())
  return writer
}

const texts = (writer: StoreWriter) =>
  writer.all<{ payload: string }>('SELECT payload FROM outbox ORDER BY seq').map(({ payload }) => payload)

describe('Messages of one key', () => {
  it('leave one after the other, and those of different keys beside each other', async () => {
    const { way, send } = run(newWriter())
    for (const text of ['a1', 'b1', 'a2', 'c1', 'b2']) send(text.charAt(0), text)
    await until('one of each key', () => way.sent.length === 3)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(way.sent).toEqual(['a1', 'b1', 'c1'])
    way.answerTo('b1')
    await until('the next of b', () => way.sent.length === 4)
    expect(way.sent.at(-1)).toBe('b2')
    way.answerTo('a1')
    await until('the next of a', () => way.sent.at(-1) === 'a2')
  })

  it('wait behind one that its target refuses, and those of other keys do not', async () => {
    const { way, send, counts } = run(newWriter(), { key: 'k' }, 1)
    for (const text of ['a1', 'b1', 'a2', 'b2', 'b3']) send(text.charAt(0), text)
    await until('the first', () => way.sent.length === 1)
    way.answerTo('a1', refused)
    for (const text of ['b1', 'b2', 'b3']) {
      await until(text, () => way.underWay.size === 1 && way.sent.at(-1) === text)
      way.answerTo(text)
    }
    for (let attempt = 2; attempt <= 5; attempt++) {
      await until('it to be tried again', () => way.underWay.size === 1)
      expect(way.sent.at(-1)).toBe('a1')
      way.answerTo('a1', refused)
    }
    await until('the next of a, once it is in quarantine', () => way.sent.at(-1) === 'a2')
    expect(counts()).toMatchObject({ delivered: 3, quarantined: 1, queued: 1 })
  })

  it('do not keep other keys from going by how many of them wait', async () => {
    const { outbox, way, send, settled, counts } = run(newWriter(), { key: 'k' }, 1)
    outbox.hold(true)
    for (let n = 0; n < 2_000; n++) send('a', `a${n}`)
    send('b', 'b0')
    await settled()
    outbox.hold(false)
    await until('the first', () => way.sent.length === 1)
    way.answerTo('a0', refused)
    await until('the other key', () => way.sent.at(-1) === 'b0')
    expect(counts()).toMatchObject({ queued: 2_001, delivered: 0 })
  })

  it('hold up other keys for one pause at most where their target fails with them alone', async () => {
    const { way, send, counts } = run(newWriter(), { key: 'k' }, 1)
    for (const text of ['a1', 'a2', 'b1', 'b2', 'b3']) send(text.charAt(0), text)
    await until('the others to be delivered', () => {
      for (const row of way.underWay.keys()) way.answer(row, row.key === 'a' ? away : null)
      return counts().delivered === 3
    })
    // Between two attempts of one key there is time for what waits of the others.
    expect(way.sent.filter((text) => text === 'a1').length).toBeLessThanOrEqual(3)
    expect(way.sent.filter((text) => text.startsWith('b'))).toEqual(['b1', 'b2', 'b3'])
    expect(way.sent).not.toContain('a2')
  })

  it('keep their order over random failures, lost connections and restarts, as a simple model has it', async () => {
    for (const seed of [1, 2, 3]) {
      const random = seeded(seed)
      const writer = newWriter()
      const delivered = new Map<string, number[]>()
      let next = 0
      const sentOf = new Map<string, number[]>()
      for (let life = 0; life < 4; life++) {
        const { way, send, wake, settled, close } = run(writer, { key: 'k' }, 1 + Math.floor(random() * 8))
        for (let step = 0; step < 150; step++) {
          const dice = random()
          if (dice < 0.6) {
            const key = `k${Math.floor(random() * 5)}`
            send(key, `${key} ${next}`)
            sentOf.set(key, [...(sentOf.get(key) ?? []), next++])
          } else if (dice < 0.9) {
            const [row] = [...way.underWay.keys()].toSorted(() => random() - 0.5)
            if (row) {
              const isFault = random() < 0.3
              if (!isFault) note(delivered, row)
              way.answer(row, isFault ? away : null)
            }
          } else if (dice < 0.95) for (const row of way.underWay.keys()) way.answer(row, away)
          else wake()
          await new Promise((resolve) => setImmediate(resolve))
        }
        // Some lives end with rows that are safe and unsent, all of them without a word.
        await settled()
        close()
      }
      const last = run(writer, { key: 'k' })
      await until('everything to be sent', () => {
        for (const row of last.way.underWay.keys()) {
          note(delivered, row)
          last.way.answer(row, null)
        }
        last.wake()
        return texts(writer).length === 0
      })
      // The model: of each key every message, in the order of its coming; one may come again, then with all that had not been crossed out.
      for (const [key, sent] of sentOf) {
        const got = delivered.get(key) ?? []
        expect([...new Set(got)], `seed ${seed}, ${key}`).toEqual(sent)
      }
    }
  })
})

describe('Where of a key only the latest waits', () => {
  const latest = { key: 'k', keep: 'latest' } as const

  it('a newer message takes the place of the one that waits, in one unit, and never of the one under way', async () => {
    const writer = newWriter()
    const { way, send, settled, counts } = run(writer, latest, 1)
    send('a', 'a1')
    await until('the first to be under way', () => way.underWay.size === 1)
    for (const text of ['a2', 'b1', 'a3', 'a4']) {
      send(text.charAt(0), text)
      await settled()
    }
    expect(texts(writer)).toEqual(['b1', 'a4'])
    expect(counts()).toMatchObject({ queued: 3, merged: 2, delivered: 0 })
    way.answerTo('a1')
    for (const text of ['b1', 'a4']) {
      await until(text, () => way.underWay.size === 1)
      way.answerTo(text)
    }
    expect(way.sent).toEqual(['a1', 'b1', 'a4'])
    expect(counts()).toMatchObject({ queued: 0, merged: 2, delivered: 3 })
  })

  it('one that comes back while a newer one waits gives way to it', async () => {
    const { way, send, settled, counts, wake } = run(newWriter(), latest)
    send('a', 'a1')
    await until('it to be under way', () => way.underWay.size === 1)
    send('a', 'a2')
    await settled()
    way.answerTo('a1', away)
    wake()
    await until('the newer one', () => way.sent.length === 2)
    expect(way.sent).toEqual(['a1', 'a2'])
    expect(counts()).toMatchObject({ queued: 1, merged: 1 })
  })

  it('holds for far more keys than are in memory, and goes on after a restart', async () => {
    const writer = newWriter()
    const keys = Array.from({ length: 1_500 }, (_, n) => `k${n}`)
    {
      const { way, send, settled, counts, close } = run(writer, latest)
      way.window = 0
      for (const key of keys) send(key, `${key} old`)
      await settled()
      for (const key of keys.slice(0, 1_000)) send(key, `${key} new`)
      await settled()
      expect(counts()).toMatchObject({ queued: 1_500, merged: 1_000 })
      close()
    }
    const { way, send, settled, counts, wake } = run(writer, latest)
    way.window = 0
    await until('what is left to be known', () => counts().carried === 1_500)
    for (const key of keys.slice(500, 1_200)) send(key, `${key} newest`)
    await settled()
    expect(counts()).toMatchObject({ carried: 1_500, queued: 1_500, merged: 700 })
    expect(texts(writer).length).toBe(1_500)
    way.window = 1_000
    await way.drain(() => counts().queued === 0, wake)
    const of = (key: string, n: number) => `${key} ${n < 500 ? 'new' : n < 1_200 ? 'newest' : 'old'}`
    expect(way.sent.toSorted()).toEqual(keys.map(of).toSorted())
    expect(counts()).toMatchObject({ delivered: 1_500, merged: 700, dropped: 0 })
    await until('the disk to be empty', () => texts(writer).length === 0)
  })

  it('adds up and ends with the newest of each key over a disk that hesitates, lost answers and restarts', async () => {
    for (const seed of [4, 5, 6]) {
      const random = seeded(seed)
      const writer = newWriter()
      writer.outcome = () => (random() < 0.15 ? { reason: 'SQLITE_FULL', retryable: true } : null)
      const newest = new Map<string, string>()
      const got = new Map<string, string>()
      let n = 0
      for (let life = 0; life < 3; life++) {
        const { way, send, wake, settled, counts, close, port } = run(writer, latest, 4)
        let taken = 0
        const addUp = () => {
          const { carried, queued, delivered, merged, dropped, quarantined } = counts()
          expect(queued).toBeGreaterThanOrEqual(0)
          expect(queued + delivered + merged + dropped + quarantined).toBe(taken + (carried ?? 0))
          expect(dropped).toBe(0)
        }
        for (let step = 0; step < 200; step++) {
          const dice = random()
          if (dice < 0.6) {
            const key = `k${Math.floor(random() * 700)}`
            const text = `${key} ${n++}`
            send(key, text)
            newest.set(key, text)
            taken++
          } else if (dice < 0.85) {
            for (const row of way.underWay.keys()) {
              const isFault = random() < 0.2
              if (!isFault) got.set(row.key ?? '', row.payload.toString())
              way.answer(row, isFault ? away : null)
            }
          } else if (dice < 0.9) wake()
          else if (dice < 0.93) writer.serve((one) => port.attach(one))
          addUp()
          await new Promise((resolve) => setImmediate(resolve))
          addUp()
        }
        await settled()
        addUp()
        close()
      }
      writer.outcome = () => null
      const last = run(writer, latest)
      await until('everything to be sent', () => {
        for (const row of last.way.underWay.keys()) {
          got.set(row.key ?? '', row.payload.toString())
          last.way.answer(row, null)
        }
        last.wake()
        return texts(writer).length === 0
      })
      expect(got, `seed ${seed}`).toEqual(newest)
    }
  })

  it('counts what gave way as merged also when the answer to the write was lost', async () => {
    const writer = newWriter()
    const { way, send, settled, counts, wake, port } = run(writer, latest)
    way.window = 0
    const keys = Array.from({ length: 700 }, (_, n) => `k${n}`)
    for (const key of keys) send(key, `${key} old`)
    await settled()
    let losses = 1
    writer.outcome = () => {
      if (losses-- > 0) queueMicrotask(() => writer.serve((one) => port.attach(one)))
      return null
    }
    send('k699', 'k699 new')
    await settled()
    expect(losses).toBeLessThan(0)
    way.window = 1_000
    await way.drain(() => counts().queued === 0, wake)
    expect(way.sent.filter((text) => text.startsWith('k699'))).toEqual(['k699 new'])
    expect(counts()).toMatchObject({ delivered: 700, merged: 1, dropped: 0 })
  })

  it('takes the place of what waits even when there is no room for more', async () => {
    const { outbox, way, send, settled, counts } = run(newWriter(), latest)
    way.window = 0
    outbox.bound({ ...firstBounds, rows: 3 })
    for (const key of ['a', 'b', 'c']) send(key, `${key}1`)
    await settled()
    expect(send('a', 'a2')).toBe('queued')
    await settled()
    expect(counts()).toMatchObject({ queued: 3, merged: 1, dropped: 0 })
    send('d', 'd1')
    expect(counts()).toMatchObject({ dropped: 1 })
  })

  it('keys that the store could not tell apart are different ones, over a restart as well', async () => {
    const writer = newWriter()
    const long = 'x'.repeat(200)
    const odd = ['a\0b', 'a\0c', 'a', '\ud800', '\ud801', '\ufffd', `${long}\ud800`, `${long}\ud801`, '']
    {
      const { way, send, settled, counts, close } = run(writer, latest)
      way.window = 0
      for (const [n, key] of odd.entries()) send(boundedKey(key), `${n} old`)
      await settled()
      expect(counts()).toMatchObject({ queued: odd.length, merged: 0 })
      close()
    }
    const { way, send, settled, counts, wake } = run(writer, latest)
    way.window = 0
    await until('what is left to be known', () => counts().carried === odd.length)
    for (const [n, key] of odd.entries()) send(boundedKey(key), `${n} new`)
    await settled()
    expect(counts()).toMatchObject({ queued: odd.length, merged: odd.length })
    way.window = 1_000
    await way.drain(() => counts().queued === 0, wake)
    expect(way.sent.toSorted()).toEqual(odd.map((_, n) => `${n} new`))
  })
})

function note(delivered: Map<string, number[]>, { payload }: OutboxRow): void {
  const [key = '', n = ''] = payload.toString().split(' ')
  delivered.set(key, [...(delivered.get(key) ?? []), Number(n)])
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
