import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'mqtt'
import { describe, expect, it } from 'vitest'
import type { DeviceDefinition } from '#core/config/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { brokerLink, messagingRig, routerConnected } from '../../../../../test/support/messaging-rig.ts'
import { mosquittoBroker } from '../../../../../test/support/mosquitto-broker.ts'
import { findProgram, needs } from '../../../../../test/support/needs.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { until } from '../../../../../test/support/until.ts'

const desk: DeviceDefinition = {
  id: 'desk',
  title: 'Desk',
  topics: ['lab/{id}/status'],
  sparkplug: null,
  online: { topic: 'lab/{id}/online', value: null, online: 'online', offline: 'offline' },
  silentAfterMs: null,
  required: true,
  client: null,
  figures: [{ name: 'battery', value: 'payload.battery', unit: '%', below: 20, above: null }],
  most: 100,
}

async function deskUnit(url: string, id: string) {
  const will = { topic: `lab/${id}/online`, payload: Buffer.from('offline'), qos: 1 as const, retain: true }
  const client = connect(url, { clientId: `unit-${id}`, will, reconnectPeriod: 0 })
  await new Promise((resolve, reject) => client.once('connect', resolve).on('error', reject))
  await client.publishAsync(`lab/${id}/online`, 'online', { qos: 1, retain: true })
  return client
}

describe('Devices on the embedded broker', () => {
  it('a unit that goes without a word is offline by its last will, with an event and a card, until it is back', async () => {
    await using rig = await messagingRig({ devices: { desk } })
    await rig.startBroker()
    await rig.loadEmbedded([])
    await routerConnected(rig)
    const { devices } = rig.messaging
    const first = await deskUnit(rig.url, 'a')
    const online = await until('the unit', () => {
      const found = devices.get('desk/a')
      return found?.state === 'online' && found.client ? found : undefined
    })
    expect(online).toMatchObject({ title: 'Desk a', client: { id: 'unit-a', connected: true } })
    first.stream.destroy()
    await until('the last will', () => devices.get('desk/a')?.state === 'offline')
    expect(rig.events.filter(({ kind }) => kind === 'device.offline')).toMatchObject([
      { subject: 'device:desk/a', severity: 'warning' },
    ])
    expect(rig.raised.at(-1)).toMatchObject({
      id: 'devices-missing:desk',
      severity: 'error',
      title: 'Desk a is offline',
    })
    const second = await deskUnit(rig.url, 'a')
    await second.publishAsync('lab/a/status', '{"battery": 12}')
    await until('it to be back', () => devices.get('desk/a')?.figures[0]?.out === 'below')
    expect(rig.events.map(({ kind }) => kind)).toContain('device.back')
    expect(rig.events.find(({ kind }) => kind === 'device.figure-out')?.message).toBe(
      'Desk a: battery is 12 %, below 20 %.',
    )
    expect(await devices.history('desk/a')).toMatchObject({ battery: [{ value: 12 }] })
    await second.endAsync()
  })

  it('while the broker is away all are unknown and nothing is told of them', async () => {
    await using rig = await messagingRig({ devices: { desk } })
    const broker = await rig.startBroker()
    await rig.loadEmbedded([])
    await routerConnected(rig)
    const unit = await deskUnit(rig.url, 'a')
    await until('the unit', () => rig.messaging.devices.get('desk/a')?.state === 'online')
    await broker.stop()
    await until('nobody to know', () => rig.messaging.devices.get('desk/a')?.state === 'unknown')
    expect(rig.events.filter(({ kind }) => kind.startsWith('device.'))).toEqual([])
    expect(rig.raised.filter(({ id }) => id.startsWith('devices-'))).toEqual([])
    unit.end(true)
  })

  it('what is known survives a restart of the console; a forgotten one is gone', async () => {
    using folder = temporaryFolder()
    const lastAt = await (async () => {
      await using rig = await messagingRig({ devices: { desk }, directory: folder.path })
      await rig.startBroker()
      await rig.loadEmbedded([])
      await routerConnected(rig)
      const unit = await deskUnit(rig.url, 'a')
      await unit.publishAsync('lab/b/status', '{"battery": 50}')
      const both = await until('both', () => {
        const heard = ['desk/a', 'desk/b'].map((key) => rig.messaging.devices.get(key)?.lastAt)
        return heard.every((at) => at) ? heard : undefined
      })
      await unit.endAsync()
      return both[1]
    })()
    await using rig = await messagingRig({ devices: { desk }, directory: folder.path })
    await rig.loadEmbedded([])
    expect(rig.messaging.devices.get('desk/b')).toMatchObject({ state: 'unknown', lastAt, figures: [{ value: 50 }] })
    rig.messaging.devices.forget('desk/a')
    expect(rig.messaging.devices.since('', 0).devices.map(({ key }) => key)).toEqual(['desk/b'])
  })

  it('that are gone, more than are told one by one, have whoever follows them begin anew', async () => {
    await using rig = await messagingRig({ devices: { desk } })
    await rig.loadEmbedded([])
    const { devices } = rig.messaging
    const none = { family: 'desk', state: 'online', since: 0, lastAt: 0, reason: '', overdue: false } as const
    const facts = { ...none, messages: 1, perMinute: 1, topic: 'lab/x/status', figures: [] }
    const keys = Array.from({ length: 1_200 }, (_, n) => `desk/${n}`)
    devices.take(
      keys.map((key) => ({ ...facts, key })),
      [],
    )
    const { run, revision } = devices.since('', 0)
    devices.forget('desk/0')
    expect(devices.since(run, revision)).toMatchObject({ run, devices: [], gone: ['desk/0'] })
    for (const key of keys.slice(1, 1_100)) devices.forget(key)
    const after = devices.since(run, revision)
    expect(after.run).not.toBe(run)
    expect(after.devices).toHaveLength(100)
  })
})

describe('Devices on Mosquitto', () => {
  needs('mosquitto')

  it('devices of a family are heard at the broker that it names, and unknown while that one is away', async () => {
    const [first = 0, second = 0] = await freePorts(2)
    await using plant = await mosquittoBroker(first)
    await using lab = await mosquittoBroker(second)
    await using rig = await messagingRig({
      devices: { desk, far: { ...desk, id: 'far', title: 'Far', broker: 'lab' } },
      brokers: [brokerLink(plant.url), brokerLink(lab.url, { id: 'lab' })],
    })
    await rig.load([])
    await until('both brokers', () => rig.messaging.devices.away.length === 0)
    await (await plant.client()).publishAsync('lab/a/status', '{}', { qos: 1 })
    await (await lab.client()).publishAsync('lab/b/status', '{}', { qos: 1 })
    const keys = () =>
      rig.messaging.devices
        .since('', 0)
        .devices.map(({ key }) => key)
        .sort()
    await until('both', () => keys().length === 2)
    expect(keys()).toEqual(['desk/a', 'far/b'])
    lab.child.kill('SIGKILL')
    await until('nobody to know', () => rig.messaging.devices.get('far/b')?.state === 'unknown')
    expect(rig.messaging.devices.get('desk/a')).toMatchObject({ state: 'online', broker: 'plant' })
    expect(rig.messaging.devices.away).toMatchObject([{ broker: 'lab' }])
  })

  it('what it retains tells who is there, and nobody is taken for silent because it was away', async () => {
    using folder = temporaryFolder()
    await using rig = await messagingRig({ devices: { desk } })
    writeFileSync(`${folder.path}/mosquitto.conf`, `listener ${rig.port} 127.0.0.1\nallow_anonymous true\n`)
    const start = () =>
      spawn(findProgram('mosquitto') ?? '', ['-c', `${folder.path}/mosquitto.conf`], { stdio: 'ignore' })
    const first = start()
    try {
      const unit = await until('the broker', () => deskUnit(rig.url, 'a').catch(() => undefined))
      await rig.load([])
      await routerConnected(rig)
      const online = await until('what is retained', () => {
        const found = rig.messaging.devices.get('desk/a')
        return found?.state === 'online' ? found : undefined
      })
      expect(online).toMatchObject({ lastAt: null, reason: '“online” came on lab/a/online.', client: null })
      first.kill('SIGKILL')
      await until('nobody to know', () => rig.messaging.devices.get('desk/a')?.state === 'unknown')
      expect(rig.messaging.devices.away[0]?.reason).toBeTruthy()
      expect(rig.events.filter(({ kind }) => kind.startsWith('device.'))).toEqual([])
      unit.end(true)
    } finally {
      first.kill('SIGKILL')
    }
  })
})
