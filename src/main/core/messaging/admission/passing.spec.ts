import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { until } from '../../../../../test/support/until.ts'
import { PassingDesk } from './passing-desk.ts'
import { PassingLine, patienceMs } from './passing-line.ts'

const owned: Disposable[] = []
afterEach(() => {
  for (const one of owned.splice(0).reverse()) one[Symbol.dispose]()
})

/** A broker's end on a clock that is moved by hand, and what its publishers see. */
function brokersEnd() {
  const clock = new ManualClock()
  const seen = { missed: 0, mayGoOn: 0 }
  const line = new PassingLine({ clock, onMissed: (messages) => (seen.missed += messages) })
  owned.push(line)
  return {
    clock,
    line,
    seen,
    pass: (count: number, payload = 'x') => {
      for (let n = 0; n < count; n++) line.pass('desk-7', `t/${n}`, payload, () => seen.mayGoOn++)
    },
  }
}

/** A data plane's end that has its routes; `full` is how full its way to the disk is. */
function routersEnd(line: PassingLine, { full = (): number => 0, isOpen = true } = {}) {
  const taken: string[] = []
  const desk = new PassingDesk({
    take: (topic, payload, client) => taken.push(`${client} ${topic} ${payload.toString()}`),
    fullness: full,
  })
  if (isOpen) desk.open()
  const { port1, port2 } = new MessageChannel()
  line.attach(port1)
  desk.attach(port2)
  owned.push(desk)
  return { desk, taken }
}

test('What is handed on arrives in its order, with the client that sent it', async () => {
  const { line, seen } = brokersEnd()
  const { taken } = routersEnd(line)
  line.pass('desk-7', 'a', 'one', () => seen.mayGoOn++)
  line.pass('kiosk', 'b', Buffer.from('two'), () => seen.mayGoOn++)
  line.pass('desk-7', 'c', '', () => seen.mayGoOn++)
  await until('all to arrive', () => taken.length === 3)
  expect(taken).toEqual(['desk-7 a one', 'kiosk b two', 'desk-7 c '])
  expect(seen).toEqual({ missed: 0, mayGoOn: 3 })
})

test('While the way to the disk is full publishers wait, and none is missed once it gets on', async () => {
  let fullness = 1
  const { line, seen, pass } = brokersEnd()
  const { desk, taken } = routersEnd(line, { full: () => fullness })
  pass(10_000)
  await until('the publishers to wait', () => line.depth > 0 && taken.length > 0)
  expect(seen.mayGoOn).toBeLessThan(4_000)
  fullness = 0
  desk.progress()
  await until('everything to arrive', () => taken.length === 10_000)
  expect(taken.at(-1)).toBe('desk-7 t/9999 x')
  expect(seen).toEqual({ missed: 0, mayGoOn: 10_000 })
})

test('What comes before there are routes waits for them', async () => {
  const { line, pass } = brokersEnd()
  const { desk, taken } = routersEnd(line, { isOpen: false })
  pass(3)
  await until('it to be handed over', () => line.depth === 0)
  expect(taken).toEqual([])
  desk.open()
  await until('it to be routed', () => taken.length === 3)
})

test('A router that takes nothing for two seconds holds nobody up any more; what it missed is counted, and it gets what comes later', async () => {
  let isStuck = true
  const { clock, line, seen, pass } = brokersEnd()
  const { port1, port2 } = new MessageChannel()
  line.attach(port1)
  const told: number[] = []
  port2.on('message', ({ topics, ends }: { topics: string[]; ends: number[] }) => {
    told.push(topics.length)
    if (!isStuck) port2.postMessage({ messages: topics.length, bytes: ends.at(-1) })
  })
  owned.push({ [Symbol.dispose]: () => port2.close() })
  pass(5_000)
  const before = line.depth
  expect(before).toBeGreaterThan(0)
  await clock.advance(patienceMs)
  expect(line.depth).toBe(0)
  expect(seen).toEqual({ missed: before, mayGoOn: 5_000 })
  pass(10)
  expect(seen).toEqual({ missed: before + 10, mayGoOn: 5_010 })

  isStuck = false
  await until('what it was given to be there', () => told.length > 0)
  port2.postMessage({ messages: 2_000, bytes: 2_000 })
  const given = () => told.reduce((sum, messages) => sum + messages, 0)
  await until('the rest to be handed over', () => given() === 5_000 - before)
  pass(1)
  await until('the newest to arrive', () => given() === 5_001 - before)
})

test('Without a router messages go past it at once, and the next router gets the newest that had room', async () => {
  const { line, seen, pass } = brokersEnd()
  pass(800)
  expect(line.depth).toBe(0)
  expect(seen).toEqual({ missed: 300, mayGoOn: 800 })
  const { taken } = routersEnd(line)
  await until('those that had room', () => taken.length === 500)
})

test('A router that ends lets the publishers go that waited for it', async () => {
  const { line, seen, pass } = brokersEnd()
  const { port1, port2 } = new MessageChannel()
  line.attach(port1)
  pass(5_000)
  expect(line.depth).toBeGreaterThan(0)
  const waiting = line.depth
  port2.close()
  await until('nobody to wait', () => line.depth === 0)
  expect(seen).toEqual({ missed: waiting, mayGoOn: 5_000 })
})

test('Payloads that are larger than a hand-over arrive whole', async () => {
  const { line } = brokersEnd()
  const { taken } = routersEnd(line)
  const large = 'y'.repeat(3_000_000)
  line.pass('a', 'big', large, () => {})
  line.pass('a', 'small', 'z', () => {})
  await until('both', () => taken.length === 2)
  expect(taken[0]).toBe(`a big ${large}`)
  expect(taken[1]).toBe('a small z')
})

test('What the router itself published is not held back: the router may be waiting for just that', async () => {
  let fullness = 1
  const { line, pass } = brokersEnd()
  const { desk, taken } = routersEnd(line, { full: () => fullness })
  pass(10_000)
  await until('the publishers to wait', () => line.depth > 0)
  const waiting = line.depth
  line.passOwn('router', 'own', 'x')
  expect(line.depth).toBe(waiting)
  fullness = 0
  desk.progress()
  await until('everything to arrive', () => taken.length === 10_001)
  expect(taken).toContain('router own x')
})
