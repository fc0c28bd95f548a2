import { expect, test } from 'vitest'
import { ConsoleError } from '#shared/problem.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { sampleEvents } from '../../testing/sample-events.ts'
import { mostEvents } from './event-window.ts'
import { type AskPage, TimelineReader } from './timeline-reader.ts'

const [sample] = sampleEvents(0)

/** A log that is asked for pages; answers wait in `open` when they are to be given out of order. */
function log(count: number) {
  if (!sample) throw new Error('There is no sample event.')
  const eventAt = (seq: number): EventRecord => ({ ...sample, seq, id: `ev-${seq}` })
  const events = Array.from({ length: count }, (_, index) => eventAt(index + 1))
  const asked: Parameters<AskPage>[0][] = []
  const gate: { hold: boolean; open: (() => void)[]; failing: boolean } = { hold: false, open: [], failing: false }
  const ask: AskPage = async (query) => {
    asked.push(query)
    const { before = Number.POSITIVE_INFINITY, after = 0, order = 'newest', limit } = query
    const matching = events.filter(({ seq }) => seq < before && seq > after)
    if (order === 'newest') matching.reverse()
    if (gate.hold) await new Promise<void>((resolve) => gate.open.push(resolve))
    if (gate.failing) throw new ConsoleError('store-closed', 'The store is closed.', 'Open the site again.')
    const page = matching.slice(0, limit)
    const more = matching.length > limit
    return { events: page, more, reached: more ? (page.at(-1)?.seq ?? null) : null }
  }
  const reader = new TimelineReader(ask)
  return {
    reader,
    asked,
    gate,
    /** Something happens, and the stream tells it unless it is `unheard`. */
    happen: (many = 1, unheard = false) => {
      const fresh = Array.from({ length: many }, (_, index) => eventAt(events.length + 1 + index))
      events.push(...fresh)
      if (!unheard) reader.live(fresh, 0)
    },
    seqs: () => reader.view.window.events.map(({ seq }) => seq),
    whole: () => Array.from({ length: events.length }, (_, index) => events.length - index),
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index)

test('begins at the newest and goes on with what happens, without a hole at the seam of page and stream', async () => {
  const { reader, happen, seqs, gate } = log(500)
  gate.hold = true
  reader.begin()
  // Happens after the page was read and before the stream tells anything.
  happen(1, true)
  happen(2)
  gate.hold = false
  for (const open of gate.open) open()
  await settled()
  happen(1)
  await settled()
  expect(seqs()).toEqual(down(504, 301))
  expect(reader.view).toMatchObject({ state: 'ready', following: true, fresh: 0 })
})

test('after a lost connection the gap is read from the store, and nothing is doubled', async () => {
  const { reader, happen, seqs, whole } = log(20)
  reader.begin()
  await settled()
  happen(3)
  happen(40, true)
  reader.begin()
  happen(2)
  await settled()
  happen(1)
  await settled()
  expect(seqs()).toEqual(whole())
})

test('a gap too large to be read gives way to the newest page', async () => {
  const { reader, happen, seqs } = log(20)
  reader.begin()
  await settled()
  happen(5_000, true)
  reader.begin()
  await settled()
  expect(seqs()).toEqual(down(5_020, 4_821))
  expect(reader.view.window).toMatchObject({ olderFrom: 4_821, newerFrom: null })
})

test('what the stream skipped is read from the store', async () => {
  const { reader, happen, seqs, whole } = log(20)
  reader.begin()
  await settled()
  happen(1)
  await settled()
  happen(30, true)
  reader.live([], 30)
  await settled()
  expect(seqs()).toEqual(whole())
})

test('held, the list stays and counts; read on upwards it reaches the newest again, and is then followed', async () => {
  const { reader, happen, seqs, whole } = log(100)
  reader.begin()
  await settled()
  reader.hold()
  happen(250)
  expect(seqs()).toEqual(down(100, 1))
  expect(reader.view).toMatchObject({ following: false, fresh: 250 })
  await reader.newer()
  expect(seqs()[0]).toBe(300)
  await reader.newer()
  expect(reader.view).toMatchObject({ fresh: 250, window: { newerFrom: null } })
  reader.now()
  happen(1)
  await settled()
  expect(seqs()).toEqual(whole())
  expect(reader.view).toMatchObject({ following: true, fresh: 0 })
})

test('jumps into the middle and reads on in both directions; no more is kept than is allowed', async () => {
  const { reader, seqs } = log(20_000)
  reader.begin()
  await settled()
  await reader.jump(10_000)
  expect(seqs()).toEqual(down(10_200, 9_801))
  expect(reader.view).toMatchObject({ following: false, place: { seq: 10_000, align: 'start' } })
  for (let n = 0; n < 30; n++) await reader.older()
  expect(seqs()).toEqual(down(3_801 + mostEvents - 1, 3_801))
  expect(reader.view.window.newerFrom).toBe(3_801 + mostEvents - 1)
  for (let n = 0; n < 30; n++) await reader.newer()
  expect(seqs()).toHaveLength(mostEvents)
  expect(seqs()[0]).toBe(14_800)
  expect(reader.view.window.olderFrom).toBe(9_801)
})

test('a place that is loaded is gone to without asking', async () => {
  const { reader, asked } = log(1_000)
  reader.begin()
  await settled()
  const before = asked.length
  await reader.jump(900, 'centre')
  expect(asked.length).toBe(before)
  expect(reader.view.place).toEqual({ seq: 900, align: 'centre' })
})

test('of many places asked for at once, only the last one that counts is read after the first', async () => {
  const { reader, asked, seqs } = log(20_000)
  reader.begin()
  await settled()
  const before = asked.length
  await Promise.all([3_000, 4_000, 5_000, 6_000].map((seq) => reader.jump(seq)))
  expect(asked.length - before).toBe(4)
  expect(seqs()).toContain(6_000)
  expect(reader.view.place?.seq).toBe(6_000)
})

test('Now while a jump is being read is the last word', async () => {
  const { reader, gate, seqs } = log(20_000)
  reader.begin()
  await settled()
  gate.hold = true
  const jumping = reader.jump(3_000)
  reader.now()
  gate.hold = false
  for (const open of gate.open) open()
  await jumping
  await settled()
  expect(seqs()[0]).toBe(20_000)
  expect(reader.view.following).toBe(true)
})

test('a page that fails leaves what is shown, says why, and can be tried again', async () => {
  const { reader, gate, seqs } = log(500)
  gate.failing = true
  reader.begin()
  await settled()
  expect(reader.view).toMatchObject({ state: 'failed', problem: { message: 'The store is closed.' } })
  gate.failing = false
  reader.again()
  await settled()
  expect(seqs()).toEqual(down(500, 301))
  gate.failing = true
  await reader.older()
  expect(reader.view).toMatchObject({ state: 'ready', problem: { code: 'store-closed' }, loading: null })
  gate.failing = false
  await reader.older()
  expect(seqs()).toEqual(down(500, 101))
  expect(reader.view.problem).toBeNull()
})

test('a search that is given up in between goes on where it stopped, also when it had found nothing', async () => {
  const pages = [
    { events: [], more: true, reached: 700 },
    { events: sampleEvents(0).slice(39, 40), more: true, reached: 40 },
    { events: [], more: false, reached: null },
  ]
  const asked: unknown[] = []
  const reader = new TimelineReader(async (query) => {
    asked.push(query.before)
    return pages.shift() ?? { events: [], more: false, reached: null }
  })
  reader.begin()
  await settled()
  expect(reader.view).toMatchObject({ state: 'ready', window: { events: [], olderFrom: 700 } })
  await reader.older()
  await reader.older()
  expect(asked).toEqual([undefined, 700, 40])
  expect(reader.view.window).toMatchObject({ events: [{ seq: 40 }], olderFrom: null })
})
