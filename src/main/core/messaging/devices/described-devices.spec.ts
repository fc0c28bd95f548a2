import { expect, onTestFinished, test } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import type { DeviceDefinition } from '#core/config/index.ts'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { recordingEvents } from '../../../../../test/support/messaging-rig.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { DescribedDevices } from './described-devices.ts'
import type { DeviceFacts } from './device-facts.ts'
import { DeviceRecords } from './device-records.ts'
import { DeviceWatch } from './device-watch.ts'
import { devicesSchema } from './tables.ts'

const gate: DeviceDefinition = {
  id: 'gate',
  title: 'Gate',
  topics: ['gate/{id}'],
  sparkplug: null,
  online: null,
  silentAfterMs: 60_000,
  required: true,
  client: null,
  figures: [],
  most: 10,
}
const lamp = { ...gate, id: 'lamp', title: 'Lamp', topics: ['lamp'], broker: 'lab' }

const facts = (key: string, given: Partial<DeviceFacts> = {}): DeviceFacts => ({
  key,
  family: key.split('/')[0] ?? '',
  state: 'online',
  since: 0,
  lastAt: 0,
  reason: 'it speaks',
  overdue: false,
  messages: 1,
  perMinute: 1,
  topic: 'gate/a',
  figures: [],
  ...given,
})
const silent = { state: 'silent', reason: 'nothing came from it for 60 s' } as const

/** One run of the console on a folder. */
async function run(folder: string) {
  const clock = new ManualClock()
  const common = { clock, logger: silentLogger }
  const schemas = { control: [attentionSchema], messages: [devicesSchema] }
  const store = await openStore({ directory: folder, schemas, runtime: testRuntime(), ...common })
  const hub = openStateHub(common)
  const { events, log } = recordingEvents()
  const slice = hub.slice('attention')
  const attention = openAttention({ database: store.control, events: log, state: slice, ...common })
  const records = new DeviceRecords(store.messages, clock, silentLogger)
  const forgotten: PromiseWithResolvers<void>[] = []
  const devices = new DescribedDevices({
    watch: new DeviceWatch({ events: log, attention, clock }),
    records,
    clients: () => [],
    history: async () => ({}),
    forget: () => {
      const answer = Promise.withResolvers<void>()
      forgotten.push(answer)
      return answer.promise
    },
    now: () => clock.wall(),
  })
  devices.know(['plant', 'lab'], null)
  const close = async () => {
    await records[Symbol.asyncDispose]()
    await attention[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    hub[Symbol.dispose]()
  }
  const cards = () =>
    attention
      .open()
      .map(({ id }) => id)
      .sort()
  const rows = () => store.messages.all<{ key: string }>({ sql: 'SELECT key FROM device' }).map(({ key }) => key)
  const kinds = () => events.map(({ kind }) => kind)
  const forgottenThere = (n: number) => forgotten[n]?.resolve()
  return { devices, events, kinds, cards, rows, close, forgottenThere }
}

function folderOf() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  return folder.path
}

test('a required device that never speaks is told of once, and is back when it does', async () => {
  const { devices, events, kinds, cards, close } = await run(folderOf())
  devices.define([gate])
  devices.link('plant', true, '')
  const never = facts('gate/a', { state: 'never', lastAt: null, reason: 'nothing has come from it yet' })
  devices.take([never], [])
  expect(kinds()).toEqual([])
  const overdue = { ...never, overdue: true, reason: 'nothing came from it for 60 s' }
  devices.take([overdue], [])
  devices.take([overdue], [])
  const own = events.filter(({ kind }) => kind.startsWith('device.'))
  expect(own.map(({ message }) => message)).toEqual([
    'Gate a is required and has never been heard: Nothing came from it for 60 s.',
  ])
  expect(cards()).toEqual(['devices-missing:gate'])
  devices.take([facts('gate/a')], [])
  expect(kinds().filter((kind) => kind.startsWith('device.'))).toEqual(['device.silent', 'device.back'])
  expect(cards()).toEqual([])
  await close()
})

test('of a family that went while the console was closed, rows and cards go; of another the card stays until its devices are well', async () => {
  const folder = folderOf()
  const first = await run(folder)
  first.devices.define([gate, { ...gate, id: 'door', title: 'Door' }])
  first.devices.link('plant', true, '')
  first.devices.take([facts('gate/a', silent), facts('door/a', silent)], [])
  expect(first.cards()).toEqual(['devices-missing:door', 'devices-missing:gate'])
  await first.close()

  const second = await run(folder)
  expect(second.rows()).toEqual(['door/a', 'gate/a'])
  second.devices.define([gate])
  expect(second.cards()).toEqual(['devices-missing:gate'])
  expect(second.devices.get('gate/a')).toMatchObject({ state: 'unknown' })
  await second.close()

  // It need not be well any more: site.yaml says since that nobody waits for it.
  const third = await run(folder)
  expect(third.rows()).toEqual(['gate/a'])
  third.devices.define([{ ...gate, required: false }])
  expect(third.cards()).toEqual(['devices-missing:gate'])
  third.devices.link('plant', true, '')
  expect(third.cards()).toEqual([])
  await third.close()
})

test('what was on its way when a device was forgotten does not bring it back; what comes after does', async () => {
  const { devices, close, forgottenThere } = await run(folderOf())
  devices.define([gate])
  devices.link('plant', true, '')
  devices.take([facts('gate/a')], [])
  devices.forget('gate/a')
  devices.take([facts('gate/a', { messages: 2 })], [])
  expect(devices.get('gate/a')).toBeUndefined()
  forgottenThere(0)
  await Promise.resolve().then(() => {})
  await Promise.resolve().then(() => {})
  devices.take([facts('gate/a', { messages: 1 })], [])
  expect(devices.get('gate/a')).toMatchObject({ messages: 1 })
  await close()
})

test('while one broker is away the devices there are unknown and told nothing of, the others are as they are', async () => {
  const { devices, kinds, close } = await run(folderOf())
  devices.define([gate, lamp])
  devices.link('plant', true, '')
  devices.link('lab', true, '')
  devices.take([facts('gate/a'), facts('lamp')], [])
  devices.link('lab', false, 'Nobody answers at lab.')
  expect(devices.away).toMatchObject([{ broker: 'lab', reason: 'Nobody answers at lab.' }])
  devices.take([facts('gate/a', silent), facts('lamp', silent)], [])
  expect(devices.since('', 0).devices).toMatchObject([
    { key: 'gate/a', broker: 'plant', state: 'silent' },
    { key: 'lamp', broker: 'lab', state: 'unknown', reason: 'Its broker lab is away, so nobody can tell.' },
  ])
  expect(kinds().filter((kind) => kind.startsWith('device.'))).toEqual(['device.silent'])
  devices.lost('The router ended.')
  expect(devices.away.map(({ broker }) => broker)).toEqual(['plant', 'lab'])
  devices.link('lab', true, '')
  devices.know(['lab', 'plant'], null)
  expect(devices.get('gate/a')).toMatchObject({ broker: 'lab', state: 'silent' })
  await close()
})
