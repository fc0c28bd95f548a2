import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../../../../test/support/until.ts'
import { DeliveringDesk } from './delivering-desk.ts'
import { DeliveringLine } from './delivering-line.ts'

const owned: Disposable[] = []
afterEach(() => {
  for (const one of owned.splice(0).reverse()) one[Symbol.dispose]()
})

/** A router's end, and what it is told. */
function routersEnd() {
  const told = { rooms: 0, published: [] as string[] }
  const line = new DeliveringLine({
    clientId: 'router',
    onRoom: () => told.rooms++,
    published: (topic, payload, client) => told.published.push(`${client} ${topic} ${payload.toString()}`),
  })
  owned.push(line)
  return { line, told }
}

/** A broker that goes on with a message when the spec says so, or at once. */
function brokersEnd(line: DeliveringLine, { isPrompt = true } = {}) {
  const published: string[] = []
  const waiting: (() => void)[] = []
  const desk = new DeliveringDesk((client, topic, payload, done) => {
    published.push(`${client} ${topic} ${payload.toString()}`)
    if (isPrompt) done()
    else waiting.push(done)
  })
  const { port1, port2 } = new MessageChannel()
  desk.attach(port1)
  line.attach(port2)
  owned.push(desk)
  return { desk, published, waiting }
}

test('What routes publish arrives in its order, in the name of the router, and comes back to the router once it has been published', async () => {
  const { line, told } = routersEnd()
  const { published } = brokersEnd(line)
  line.add('a', 'one')
  line.add('b', Buffer.from('two'))
  line.add('c', '')
  expect(told.published).toEqual([])
  line.flush()
  await until('all to come back', () => told.published.length === 3)
  expect(published).toEqual(['router a one', 'router b two', 'router c '])
  expect(told.published).toEqual(published)
})

test('A broker whose subscribers take nothing is given two thousand messages, and goes on where it stopped', async () => {
  const { line, told } = routersEnd()
  const { published, waiting } = brokersEnd(line, { isPrompt: false })
  let given = 0
  const give = () => {
    while (line.hasRoom && given < 5_000) line.add(`t/${given++}`, 'x')
    line.flush()
  }
  give()
  await until('the broker to have them', () => published.length === given)
  expect(given).toBeGreaterThanOrEqual(2_000)
  expect(given).toBeLessThan(2_500)
  expect(told.published).toEqual([])
  const rooms = told.rooms
  for (const done of waiting.splice(0)) done()
  await until('there to be room', () => told.rooms > rooms)
  while (given < 5_000) {
    give()
    await until('the broker to have them', () => published.length === given)
    for (const done of waiting.splice(0)) done()
    await until('there to be room', () => line.hasRoom)
  }
  await until('all to come back', () => told.published.length === 5_000)
  expect(published.at(-1)).toBe('router t/4999 x')
})

test('Without a broker there is no room, and the next one is given nothing of what was with the last', async () => {
  const { line } = routersEnd()
  expect(line.hasRoom).toBe(false)
  const first = brokersEnd(line, { isPrompt: false })
  line.add('a', 'x')
  line.flush()
  await until('it to arrive', () => first.published.length === 1)
  first.desk[Symbol.dispose]()
  await until('it to be noticed', () => !line.isOpen)
  expect(line.hasRoom).toBe(false)
  const second = brokersEnd(line)
  expect(line.hasRoom).toBe(true)
  line.add('b', 'y')
  line.flush()
  await until('it to arrive', () => second.published.length === 1)
  expect(second.published).toEqual(['router b y'])
})
