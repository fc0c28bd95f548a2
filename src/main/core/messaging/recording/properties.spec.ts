import type { IPublishPacket, MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { lineOf, messageOf } from '#shared/message-lines.ts'
import { brokerLink, route } from '../../../../../test/support/messaging-rig.ts'
import { mosquittoBroker } from '../../../../../test/support/mosquitto-broker.ts'
import { needs } from '../../../../../test/support/needs.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { recordingRig } from '../../../../../test/support/recording-rig.ts'
import { until } from '../../../../../test/support/until.ts'
import type { Recordings } from './types.ts'

const cause = { type: 'operator', via: 'browser' } as const
const bounds = { filter: 'in/#', text: '', messages: 1_000, bytes: 10_000_000, ms: 60_000 }
const all = { after: 0, filter: '#', text: '', limit: 1_000 }
const properties = {
  contentType: 'application/json',
  responseTopic: 'answers/7',
  correlationData: Buffer.from([1, 2, 0xff]),
  payloadFormatIndicator: true,
  messageExpiryInterval: 600,
  userProperties: { unit: 'desk-7', twice: ['a', 'b'], 'wheelhouse-hops': '2', 'message-id': 'origin-1' },
}

describe('With two brokers of MQTT 5', () => {
  needs('mosquitto')

  it('recordings, journal, files and replays keep what a message brought and where it came from', async () => {
    const [first = 0, second = 0] = await freePorts(2)
    await using plant = await mosquittoBroker(first)
    await using lab = await mosquittoBroker(second)
    const brokers = [brokerLink(plant.url), brokerLink(lab.url, { id: 'lab' })]
    const kept = route('kept', {
      from: 'in/#',
      broker: 'lab',
      map: '{"n": 2}',
      to: [{ kind: 'journal', keepMs: 60_000 }],
    })
    await using rigs = await recordingRig({ brokers }, [kept])
    const { rig } = rigs
    await until('both brokers', () =>
      rig.state
        .slice('traffic')
        .get('traffic')
        ?.links.every(({ state }) => state === 'connected'),
    )
    await using recordings = await rigs.open()
    const { recording } = await recordings.start({ name: 'Both', ...bounds, cause })
    const atPlant = await plant.client()
    const atLab = await lab.client()
    await atLab.publishAsync('in/a', '{"n":1}', { qos: 1, properties })
    await until('the first', () => held(recordings, recording) === 1)
    await atPlant.publishAsync('in/b', 'plain', { qos: 1 })
    await until('both', () => held(recordings, recording) === 2)
    await recordings.stop(recording, cause)

    const { rows } = await recordings.page({ ...all, recording })
    const brought = {
      contentType: 'application/json',
      responseTopic: 'answers/7',
      correlation: Buffer.from([1, 2, 0xff]).toString('base64'),
      isText: true,
      user: [
        { name: 'unit', value: 'desk-7' },
        { name: 'twice', value: 'a' },
        { name: 'twice', value: 'b' },
      ],
      id: 'origin-1',
      hops: 2,
      moreUser: 0,
      isCut: false,
    }
    expect(rows).toMatchObject([{ broker: 'lab', properties: brought }, { broker: 'plant' }])
    const [row] = rows
    expect((row?.properties?.expiresAt ?? 0) - (row?.at ?? 0)).toBeGreaterThan(599_000)
    const [journalled] = await until('the journal', async () => {
      const found = (await rig.messaging.journal({ limit: 10 })).rows
      return found.length === 1 ? found : undefined
    })
    expect(journalled).toMatchObject({ broker: 'lab', payload: '{"n":2}', properties: brought })

    const imported = (await recordings.importBegin('Again')).recording
    const lines = rows.flatMap((one) => {
      const read = messageOf(lineOf(one))
      return 'message' in read ? [read.message] : []
    })
    await recordings.importAdd(imported, lines)
    await recordings.importEnd(imported, 2, cause)
    const without = <T extends { readonly seq: number }>({ seq: _seq, ...rest }: T) => rest
    expect((await recordings.page({ ...all, recording: imported })).rows.map(without)).toEqual(rows.map(without))

    const gotAtLab = await collected(atLab)
    const gotAtPlant = await collected(atPlant)
    const request = {
      recording: imported,
      filter: '#',
      prefix: 'again',
      pace: { kind: 'rate', perSecond: 1_000 },
    } as const
    expect(await recordings.replayPlan(request)).toMatchObject({
      refusal: null,
      brokers: [
        { broker: 'lab', messages: 1 },
        { broker: 'plant', messages: 1 },
      ],
    })
    await rigs.jobs.finished((await recordings.replay(request, cause)).job)
    await rigs.jobs.finished((await recordings.replay(request, cause)).job)
    await until('both replays', () => gotAtLab.length === 2 && gotAtPlant.length === 2)
    const [one, two] = gotAtLab.map((packet) => packet.properties)
    expect(one).toMatchObject({
      contentType: 'application/json',
      responseTopic: 'answers/7',
      correlationData: Buffer.from([1, 2, 0xff]),
      payloadFormatIndicator: true,
      userProperties: { unit: 'desk-7', twice: ['a', 'b'], 'wheelhouse-hops': '2' },
    })
    expect(one?.messageExpiryInterval).toBeGreaterThan(590)
    const ids = ['origin-1', ...[one, two].map((packet) => packet?.userProperties?.['message-id'])]
    expect(new Set(ids).size).toBe(3)
    expect(gotAtPlant[0]?.properties ?? {}).toEqual({})

    const toPlant = { ...request, broker: 'plant' }
    expect((await recordings.replayPlan(toPlant)).commandLine).toMatch(/--broker plant$/)
    await rigs.jobs.finished((await recordings.replay(toPlant, cause)).job)
    await until('all at plant', () => gotAtPlant.length === 4)
    expect(gotAtLab).toHaveLength(2)
    expect(await recordings.replayPlan({ ...request, broker: 'nowhere' })).toMatchObject({
      refusal: 'This site has no broker “nowhere”.',
    })
  })

  it('of a message with more user properties than are kept the first are, and it says so', async () => {
    const [port = 0] = await freePorts(1)
    await using plant = await mosquittoBroker(port)
    await using rigs = await recordingRig({ brokers: [brokerLink(plant.url)] })
    await using recordings = await rigs.open()
    const { recording } = await recordings.start({ name: 'Many', ...bounds, cause })
    const client = await plant.client()
    const userProperties = { many: Array.from({ length: 3_000 }, (_, n) => String(n)) }
    await client.publishAsync('in/a', '1', { qos: 1, properties: { userProperties } })
    await until('it', () => held(recordings, recording) === 1)
    await recordings.stop(recording, cause)
    const [row] = (await recordings.page({ ...all, recording })).rows
    expect(row?.properties?.isCut).toBe(true)
    expect(row?.properties?.user.length).toBeGreaterThan(1_000)
    expect((row?.properties?.user.length ?? 0) + (row?.properties?.moreUser ?? 0)).toBe(3_000)
  })
})

function held(recordings: Recordings, id: string): number | undefined {
  return recordings.list().find((one) => one.id === id)?.messages
}

async function collected(client: MqttClient): Promise<readonly IPublishPacket[]> {
  const got: IPublishPacket[] = []
  client.on('message', (_topic, _payload, packet) => got.push(packet))
  await client.subscribeAsync('again/#', { qos: 1 })
  return got
}
