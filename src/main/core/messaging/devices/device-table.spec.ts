import { expect, onTestFinished, test } from 'vitest'
import type { DeviceDefinition } from '#core/config/index.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { IncomingMessage } from '../incoming-message.ts'
import type { DeviceFacts } from './device-facts.ts'
import { DeviceTable } from './device-table.ts'

const desk: DeviceDefinition = {
  id: 'desk',
  title: 'Desk',
  topics: ['lab/{id}/status'],
  sparkplug: null,
  online: { topic: 'lab/{id}/online', value: null, online: 'online', offline: 'offline' },
  silentAfterMs: 60_000,
  required: false,
  client: null,
  figures: [{ name: 'battery', value: 'payload.battery', unit: '%', below: 20, above: null }],
  most: 3,
}

function openTable(definitions: readonly DeviceDefinition[] = [desk], known: readonly DeviceFacts[] = []) {
  const clock = new ManualClock()
  const table = new DeviceTable(clock)
  onTestFinished(() => table[Symbol.dispose]())
  table.load(definitions, known)
  table.listen(null, true)
  const devices = new Map<string, DeviceFacts>()
  const look = (key: string) => {
    for (const facts of table.takeChanged().devices) devices.set(facts.key, facts)
    return devices.get(key)
  }
  const message = new IncomingMessage()
  const send = (topic: string, payload: string, retained = false, broker: string | null = null) => {
    message.hold(topic, topic.split('/'), Buffer.from(payload), clock.wall(), retained, 0)
    table.take(message, broker)
  }
  return { clock, table, look, send }
}

test('each value of {id} that speaks is a device; without a message for its time it is silent, and back with the next one', async () => {
  const { clock, look, send } = openTable()
  send('lab/a/status', '{"battery": 80}')
  await clock.advance(30_000)
  send('lab/b/status', '{}')
  expect(look('desk/a')).toMatchObject({ state: 'online', messages: 1, figures: [{ name: 'battery', value: 80 }] })
  await clock.advance(30_000)
  expect(look('desk/a')).toMatchObject({ state: 'silent', reason: 'nothing came from it for 60 s' })
  expect(look('desk/b')).toMatchObject({ state: 'online' })
  expect(clock.waiting).toBe(1)
  send('lab/a/status', '{}')
  expect(look('desk/a')).toMatchObject({ state: 'online' })
  await clock.advance(30_000)
  expect(look('desk/b')).toMatchObject({ state: 'silent' })
})

test('an availability topic says it, a will as well; retained words tell the state and are no sign of life', async () => {
  const { look, send } = openTable()
  send('lab/a/online', 'online', true)
  expect(look('desk/a')).toMatchObject({ state: 'online', lastAt: null })
  send('lab/a/online', 'offline')
  expect(look('desk/a')).toMatchObject({ state: 'offline', lastAt: null, reason: '“offline” came on lab/a/online' })
  send('lab/a/status', '{}', true)
  expect(look('desk/a')).toMatchObject({ state: 'offline' })
  send('lab/a/status', '{}')
  expect(look('desk/a')).toMatchObject({ state: 'online', messages: 1 })
})

test('while nobody listens nobody becomes silent, and afterwards everybody has the whole time again', async () => {
  const { clock, table, look, send } = openTable()
  send('lab/a/status', '{}')
  await clock.advance(50_000)
  table.listen(null, false)
  await clock.advance(3_600_000)
  expect(look('desk/a')).toMatchObject({ state: 'online' })
  table.listen(null, true)
  await clock.advance(59_000)
  expect(look('desk/a')).toMatchObject({ state: 'online' })
  await clock.advance(1_000)
  expect(look('desk/a')).toMatchObject({ state: 'silent' })
})

test('a family is heard at its broker alone, and silence goes by whether that one is listened to', async () => {
  const { clock, table, look, send } = openTable([
    { ...desk, topics: ['in/{id}'] },
    { ...desk, id: 'far', broker: 'lab' },
  ])
  table.setHome('plant')
  table.listen('plant', true)
  table.listen('lab', true)
  send('lab/a/status', '{}', false, 'plant')
  send('in/a', '{}', false, 'lab')
  expect([look('far/a'), look('desk/a')]).toEqual([undefined, undefined])
  send('lab/a/status', '{}', false, 'lab')
  send('in/a', '{}', false, 'plant')
  expect([look('far/a'), look('desk/a')]).toMatchObject([{ state: 'online' }, { state: 'online' }])
  table.listen('lab', false)
  await clock.advance(60_000)
  expect([look('far/a'), look('desk/a')]).toMatchObject([{ state: 'online' }, { state: 'silent' }])
  table.listen('lab', true)
  await clock.advance(60_000)
  expect(look('far/a')).toMatchObject({ state: 'silent' })
  // Another broker stands first now: what is heard there counts.
  table.setHome('lab')
  send('in/a', '{}', false, 'lab')
  expect(look('desk/a')).toMatchObject({ state: 'online' })
})

test('a wall clock that jumps makes nobody silent, and its times are told anew', async () => {
  const { clock, look, send } = openTable()
  send('lab/a/status', '{}')
  const before = look('desk/a')?.lastAt ?? 0
  clock.jumpWall(86_400_000)
  await clock.advance(10_000)
  expect(look('desk/a')).toMatchObject({ state: 'online', lastAt: before + 86_400_000 })
})

test('devices beyond the bound are counted and not kept; those that are known stay', () => {
  const { table, send } = openTable()
  for (const id of ['a', 'b', 'c', 'd', 'e', 'd']) send(`lab/${id}/status`, '{}')
  const { devices, families } = table.takeChanged()
  expect(devices.map(({ key }) => key)).toEqual(['desk/a', 'desk/b', 'desk/c'])
  expect(families).toEqual([{ family: 'desk', notKept: 2, lastError: null }])
  table.forget('desk/a')
  send('lab/d/status', '{}')
  expect(table.takeChanged()).toMatchObject({ devices: [{ key: 'desk/d' }], families: [{ notKept: 1 }] })
})

test('a device that is forgotten is not told of any more, also when it has just spoken', () => {
  const { table, send } = openTable()
  send('lab/a/status', '{}')
  table.forget('desk/a')
  expect(table.takeChanged().devices).toEqual([])
  send('lab/a/status', '{}')
  expect(table.takeChanged().devices).toMatchObject([{ key: 'desk/a', messages: 1 }])
})

test('what was known before a restart is there, with its times, and is silent only after the whole time', async () => {
  const earlier = openTable()
  earlier.send('lab/a/status', '{"battery": 7}')
  const facts = earlier.look('desk/a')
  const { clock, look } = openTable([desk], facts ? [facts] : [])
  expect(look('desk/a')).toMatchObject({
    state: 'online',
    lastAt: facts?.lastAt,
    figures: [{ value: 7, out: 'below' }],
  })
  await clock.advance(60_000)
  expect(look('desk/a')).toMatchObject({ state: 'silent', lastAt: facts?.lastAt })
})

test('a figure beyond its limit says so, and comes back only well within it', () => {
  const { look, send } = openTable()
  const outs = [30, 19, 20, 20.5, 21].map((battery) => {
    send('lab/a/status', JSON.stringify({ battery }))
    return look('desk/a')?.figures[0]?.out
  })
  expect(outs).toEqual([null, 'below', 'below', 'below', null])
  send('lab/a/status', 'cut off {')
  expect(look('desk/a')?.figures[0]?.value).toBe(21)
})

test('Sparkplug: births and deaths tell it, and an edge node takes its devices along', () => {
  const line = { ...desk, id: 'line', topics: [], online: null, sparkplug: 'plant', figures: [] }
  const { look, send } = openTable([line])
  send('spBv1.0/plant/NBIRTH/edge', '')
  send('spBv1.0/plant/DBIRTH/edge/robot', '')
  expect(look('line/edge')).toMatchObject({ state: 'online' })
  expect(look('line/edge/robot')).toMatchObject({ state: 'online' })
  send('spBv1.0/plant/NDEATH/edge', '')
  expect(look('line/edge/robot')).toMatchObject({ state: 'offline' })
  expect(look('line/edge')).toMatchObject({ state: 'offline', reason: 'NDEATH of its edge node' })
})

test('a single device that never speaks is overdue after its time', async () => {
  const gate = { ...desk, id: 'gate', topics: ['gate/status'], online: null }
  const { clock, look } = openTable([gate])
  expect(look('gate')).toMatchObject({ state: 'never', overdue: false })
  await clock.advance(60_000)
  expect(look('gate')).toMatchObject({ state: 'never', overdue: true, reason: 'nothing came from it for 60 s' })
  const facts = look('gate')
  const later = openTable([gate], facts ? [facts] : [])
  expect(later.look('gate')).toMatchObject({ state: 'never', overdue: true })
})

test('one topic may carry what it measures and the last will in its name', () => {
  const online = { topic: 'lab/{id}/status', value: 'payload.lost', online: 'online', offline: 'true' }
  const { look, send } = openTable([{ ...desk, online }])
  send('lab/a/status', '{"battery": 50}')
  expect(look('desk/a')).toMatchObject({ state: 'online', messages: 1, figures: [{ value: 50 }] })
  send('lab/a/status', '{"lost": true}')
  expect(look('desk/a')).toMatchObject({ state: 'offline', messages: 1 })
})
