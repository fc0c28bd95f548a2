import { writeFileSync } from 'node:fs'
import type { IPublishPacket, MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import type { BrokerLinkDefinition, RouteTarget } from '#core/config/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import {
  brokerLink,
  type MessagingRig,
  messagingRig,
  route,
  routerConnected,
} from '../../../../test/support/messaging-rig.ts'
import { mosquittoBroker } from '../../../../test/support/mosquitto-broker.ts'
import { needs } from '../../../../test/support/needs.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { until } from '../../../../test/support/until.ts'

const sure = { kind: 'mqtt', topic: 'out', qos: 1, retain: false } satisfies RouteTarget
const quick = { kind: 'mqtt', topic: 'quick', qos: 0, retain: false } satisfies RouteTarget
const both = route('both', { from: 'in/#', to: [sure, quick] })

describe('A broker of MQTT 5', () => {
  needs('mosquitto')

  it('has what messages bring travel with them, seen by expressions and the inspector, one hop further on', async () => {
    await using plant = await broker()
    const seen = 'properties.user.unit == "desk-7" && properties.contentType == "application/json"'
    await using rig = await connectedRig(plant.url, [
      { ...both, where: `${seen} && properties.hops == 2` },
      route('mapped', {
        from: 'in/#',
        map: '{"unit": properties.user.unit, "reply": properties.responseTopic}',
        to: [{ ...quick, topic: 'mapped' }],
      }),
      route('strangers', { from: 'in/#', where: 'properties.user.nobody == "x"', to: [quick] }),
    ])
    using tap = rig.messaging.tap({ filter: 'in/#', text: '', route: null })
    const client = await plant.client()
    const got = await collected(client, ['out', 'quick', 'mapped'])
    await client.publishAsync('in/a', '{"n":1}', {
      qos: 1,
      properties: {
        contentType: 'application/json',
        responseTopic: 'answers/7',
        correlationData: Buffer.from([1, 2, 0xff]),
        payloadFormatIndicator: true,
        messageExpiryInterval: 600,
        userProperties: { unit: 'desk-7', twice: ['a', 'b'], 'wheelhouse-hops': '2', 'message-id': 'origin-1' },
      },
    })
    await until('all of them', () => got.length === 3)
    for (const topic of ['out', 'quick']) {
      const packet = got.find((one) => one.topic === topic)
      expect(packet?.properties).toMatchObject({
        contentType: 'application/json',
        responseTopic: 'answers/7',
        correlationData: Buffer.from([1, 2, 0xff]),
        payloadFormatIndicator: true,
        userProperties: { unit: 'desk-7', twice: ['a', 'b'], 'wheelhouse-hops': '3' },
      })
      expect(packet?.properties?.messageExpiryInterval).toBeGreaterThan(590)
      expect(packet?.properties?.messageExpiryInterval).toBeLessThanOrEqual(600)
    }
    expect(got.find((one) => one.topic === 'mapped')?.payload.toString()).toBe('{"unit":"desk-7","reply":"answers/7"}')
    const shown = await until('the tap', () => tap.take().messages[0])
    expect(shown.properties).toMatchObject({
      contentType: 'application/json',
      correlation: Buffer.from([1, 2, 0xff]).toString('base64'),
      hops: 2,
      id: 'origin-1',
      user: [
        { name: 'unit', value: 'desk-7' },
        { name: 'twice', value: 'a' },
        { name: 'twice', value: 'b' },
      ],
    })
    expect(shown.routes).toContainEqual({ route: 'strangers', result: 'filtered' })
  })

  it('gives a copy the same id whenever its message comes again, and another where nobody gave one', async () => {
    await using plant = await broker()
    await using rig = await connectedRig(plant.url, [both])
    const client = await plant.client()
    const got = await collected(client, ['out'])
    const again = { qos: 1, properties: { userProperties: { 'message-id': 'origin-1' } } } as const
    for (const options of [again, again, { qos: 1 }, { qos: 1 }] as const)
      await client.publishAsync('in/a', 'x', options)
    await until('all of them', () => got.length === 4)
    const [first, second, third, fourth] = got.map((packet) => packet.properties?.userProperties?.['message-id'])
    expect(first).toBe(second)
    expect(first).not.toBe('origin-1')
    expect(new Set([first, third, fourth]).size).toBe(3)
    expect(got.every((packet) => packet.properties?.userProperties?.['wheelhouse-hops'] === '1')).toBe(true)
    await until('the ledger', () => rig.state.slice('routes').get('both')?.targets[0]?.delivered === 4)
  })

  it('keeps a message that was passed on too often from going on, with its reason, and tells of it once', async () => {
    await using plant = await broker()
    await using rig = await connectedRig(plant.url, [both], { mostHops: 3 })
    const client = await plant.client()
    const got = await collected(client, ['out', 'quick'])
    for (const hops of ['2', '3', '4']) {
      await client.publishAsync('in/a', hops, { qos: 1, properties: { userProperties: { 'wheelhouse-hops': hops } } })
    }
    await until('them to be in quarantine', () => rig.messaging.quarantine({ limit: 10 }).rows.length === 2)
    const view = await until('the ledger', () => {
      const shown = rig.state.slice('routes').get('both')
      return shown?.quarantined === 2 && shown.targets.every(({ queued }) => queued === 0) ? shown : undefined
    })
    expect(view).toMatchObject({ received: 3, targets: [{ delivered: 1 }, { delivered: 1 }] })
    expect(got.map((packet) => packet.payload.toString())).toEqual(['2', '2'])
    expect(rig.messaging.quarantine({ limit: 1 }).rows[0]?.reason).toMatch(/passed on 4 times.*in a circle/)
    expect(rig.events.filter(({ kind }) => kind === 'route.circle')).toHaveLength(1)
    // Who sends it again by hand has looked: it begins anew.
    const id = rig.messaging.quarantine({ limit: 1 }).rows[0]?.id ?? 0
    await rig.messaging.sendQuarantined({ id }, undefined, { type: 'operator', via: 'browser' })
    await until('it to arrive', () => got.some((packet) => packet.payload.toString() === '4'))
  })

  it('is sent no more at a time than it takes', async () => {
    await using plant = await broker(['max_inflight_messages 3', 'max_queued_messages 0'])
    await using rig = await connectedRig(plant.url, [both])
    const client = await plant.client()
    const got = await collected(client, ['out'])
    const sent = Array.from({ length: 400 }, (_, n) => client.publishAsync('in/a', String(n), { qos: 1 }))
    const asked = Array.from({ length: 20 }, (_, n) =>
      rig.messaging.publish({ topic: 'by-hand', payload: String(n), qos: 1, retain: false }),
    )
    await Promise.all([...sent, ...asked])
    await until('all of them', () => got.length >= 400)
    expect(got.map((packet) => packet.payload.toString())).toEqual(Array.from({ length: 400 }, (_, n) => String(n)))
    expect(rig.events.some(({ kind }) => kind === 'router.disconnected')).toBe(false)
  })

  it('that refuses a message for good has it in quarantine, with what the broker says; nobody listening is no refusal', async () => {
    using folder = temporaryFolder()
    writeFileSync(`${folder.path}/rights`, 'topic readwrite in/#\ntopic readwrite ok\ntopic read #\n')
    await using plant = await broker([`acl_file ${folder.path}/rights`])
    await using rig = await connectedRig(plant.url, [
      route('refused', { from: 'in/#', to: [{ ...sure, topic: 'forbidden' }] }),
      route('unheard', { from: 'in/#', to: [{ ...sure, topic: 'ok' }] }),
    ])
    const client = await plant.client()
    await client.publishAsync('in/a', 'x', { qos: 1, properties: { userProperties: { unit: '7' } } })
    const [row] = await until('it to be in quarantine', () => {
      const { rows } = rig.messaging.quarantine({ limit: 10 })
      return rows.length === 1 ? rows : undefined
    })
    expect(row).toMatchObject({ target: 'mqtt:forbidden', properties: { user: [{ name: 'unit', value: '7' }] } })
    expect(row?.reason).toMatch(/refused it 5 times.*the router may not publish there/)
    const view = await until('the ledger', () => {
      const shown = rig.state.slice('routes').get('unheard')
      return shown?.targets[0]?.delivered === 1 ? shown : undefined
    })
    expect(view.targets[0]).toMatchObject({ queued: 0, quarantined: 0 })
  })

  it('keeps what comes while the router is away, for as long as it was asked to', async () => {
    await using plant = await broker(['max_queued_messages 0'])
    using folder = temporaryFolder()
    const given = { directory: folder.path }
    {
      await using rig = await connectedRig(plant.url, [both], {}, given)
      expect(rig.events.some(({ cause }) => cause.type === 'observation' && /by MQTT 5\./.test(cause.what))).toBe(true)
    }
    const client = await plant.client()
    const got = await collected(client, ['out'])
    for (let n = 0; n < 20; n++) await client.publishAsync('in/a', String(n), { qos: 1 })
    await using _rig = await connectedRig(plant.url, [both], {}, given)
    await until('all of them', () => got.length >= 20)
    expect(got.map((packet) => packet.payload.toString())).toEqual(Array.from({ length: 20 }, (_, n) => String(n)))
  })

  it('has messages end in the ledger when their time is over while the target waits', async () => {
    await using plant = await broker()
    await using rig = await connectedRig(plant.url, [both])
    const client = await plant.client()
    const got = await collected(client, ['out'])
    rig.messaging.holdDeliveries(true)
    await client.publishAsync('in/a', 'short', { qos: 1, properties: { messageExpiryInterval: 1 } })
    await client.publishAsync('in/a', 'long', { qos: 1, properties: { messageExpiryInterval: 600 } })
    await until('them to wait', () => rig.state.slice('routes').get('both')?.targets[0]?.queued === 2)
    const since = performance.now()
    await until('its time to be over', () => performance.now() - since > 1_300)
    rig.messaging.holdDeliveries(false)
    const target = await until('the ledger', () => {
      const shown = rig.state.slice('routes').get('both')?.targets[0]
      return shown?.queued === 0 && shown.delivered === 1 ? shown : undefined
    })
    expect(target).toMatchObject({ delivered: 1, expired: 1, dropped: 0 })
    expect(got.map((packet) => packet.payload.toString())).toEqual(['long'])
    expect(got[0]?.properties?.messageExpiryInterval).toBeLessThan(600)
  })
})

describe('A broker that refuses MQTT 5', () => {
  it('is spoken to by 3.1.1, at once, and the connection says so', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    await rig.load([route('r', { from: 'in', to: [{ kind: 'channel', channel: 'c' }] })])
    await routerConnected(rig)
    await rig.messaging.publish({ topic: 'in', payload: '1', qos: 1, retain: false })
    await until('the message', async () => (await rig.messaging.channel('c')).length === 1)
    const connected = rig.events.find(({ kind }) => kind === 'router.connected')
    expect(connected?.cause).toMatchObject({ what: expect.stringContaining('3.1.1, as it does not speak MQTT 5') })
  })
})

async function broker(lines: readonly string[] = []) {
  const [port = 0] = await freePorts(1)
  return mosquittoBroker(port, lines)
}

async function connectedRig(
  url: string,
  routes: Parameters<MessagingRig['load']>[0],
  link: Partial<BrokerLinkDefinition> = {},
  given: Parameters<typeof messagingRig>[0] = {},
): Promise<MessagingRig> {
  const rig = await messagingRig({ ...given, outside: brokerLink(url, link) })
  await rig.load(routes)
  await routerConnected(rig)
  return rig
}

async function collected(client: MqttClient, topics: string[]): Promise<readonly IPublishPacket[]> {
  const got: IPublishPacket[] = []
  client.on('message', (_topic, _payload, packet) => got.push(packet))
  await client.subscribeAsync(topics, { qos: 1 })
  return got
}
