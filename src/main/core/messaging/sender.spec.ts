import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { type BrokerDefinition, brokerSettings } from '#core/config/index.ts'
import { type MessagingRig, messagingRig, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { reference } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'
import { Senders, senderMark } from './sender.ts'

const nobody = { password: null, hash: null, clients: null, allow: null }
const users: BrokerDefinition = {
  ...brokerSettings(),
  users: { desk: { ...nobody, password: reference('secrets.DESK') } },
}
const login = { username: 'desk', password: 'desk-secret' }
const secrets = { DESK: 'desk-secret' }

async function connected(rig: MessagingRig, options: IClientOptions): Promise<MqttClient> {
  const client = connect(rig.url, { reconnectPeriod: 0, ...options })
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve())
    client.once('error', reject)
  })
  return client
}

/** A rig whose broker is the site's own, with what a tap on everything shows. */
async function embedded(routes: Parameters<MessagingRig['loadEmbedded']>[0], broker?: BrokerDefinition) {
  const rig = await messagingRig(broker === undefined ? {} : { broker, secrets })
  await rig.loadEmbedded(routes)
  await rig.startBroker()
  await routerConnected(rig)
  return rig
}

const said = '{"topic": topicName, "client": client, "n": payload}'

describe('Who published a message', () => {
  it('is known of each client of the embedded broker, whatever its QoS, in expressions and in what is shown', async () => {
    await using rig = await embedded(
      [route('r', { from: 'in/#', map: said, to: [{ kind: 'channel', channel: 'c' }] })],
      users,
    )
    using tap = rig.messaging.tap({ filter: 'in/#', text: '', route: null })
    using only = rig.messaging.tap({ filter: '#', text: '', route: null, client: 'b' })
    const a = await connected(rig, { clientId: 'a', ...login })
    const b = await connected(rig, { clientId: 'b' })
    await a.publishAsync('in/0', '0', { qos: 0 })
    await b.publishAsync('in/1', '1', { qos: 1 })
    await a.publishAsync('in/2', '2', { qos: 2 })
    const got = async () => (await rig.messaging.channel('c')).map(({ payload }) => JSON.parse(payload))
    await until('the messages', async () => (await got()).length === 3)
    expect((await got()).toSorted((one, other) => one.n - other.n)).toEqual([
      { topic: 'in/0', client: 'a', n: 0 },
      { topic: 'in/1', client: 'b', n: 1 },
      { topic: 'in/2', client: 'a', n: 2 },
    ])
    const shown: unknown[] = []
    await until('them to be shown', () => {
      shown.push(...tap.take().messages)
      return shown.length === 3
    })
    expect(shown).toContainEqual(expect.objectContaining({ topic: 'in/0', client: 'a', user: 'desk' }))
    expect(shown).toContainEqual(expect.objectContaining({ topic: 'in/1', client: 'b' }))
    const ofB = await until('those of b', () => {
      const { messages } = only.take()
      return messages.length > 0 ? messages : undefined
    })
    expect(ofB.map(({ topic }) => topic)).toEqual(['in/1'])
    const trace = await rig.messaging.trace(ofB[0]?.at ?? 0, 'in/1')
    expect(trace.routes).toMatchObject([{ sender: { client: 'b', user: null } }])
    await Promise.all([a.endAsync(), b.endAsync()])
  })

  it('is told to the router alone, and nobody can say it in the place of another', async () => {
    await using rig = await embedded([route('r', { from: 'in/#', map: said, to: [{ kind: 'channel', channel: 'c' }] })])
    const listener = await connected(rig, { clientId: 'listener' })
    const heard: string[] = []
    listener.on('message', (topic) => heard.push(topic))
    await listener.subscribeAsync('#', { qos: 1 })
    const a = await connected(rig, { clientId: 'a', username: 'b' })
    await a.publishAsync('in/x', '1', { qos: 0 })
    await a.publishAsync('in/y', '2', { qos: 1 })
    await until('it to be heard', () => heard.length === 2)
    expect(heard.toSorted()).toEqual(['in/x', 'in/y'])
    // A mark of its own making in the topic ends the connection.
    const forger = await connected(rig, { clientId: 'forger' })
    const gone = new Promise<void>((resolve) => forger.once('close', () => resolve()))
    forger.on('error', () => {})
    forger.publish('b\0\0in/z', '3', { qos: 0 })
    await gone
    const clients = async () => (await rig.messaging.channel('c')).map(({ payload }) => JSON.parse(payload).client)
    await until('the messages', async () => (await clients()).length === 2)
    expect(await clients()).toEqual(['a', 'a'])
    await expect(connected(rig, { clientId: 'wheelhouse-router-x' })).rejects.toThrow()
    await expect(connected(rig, { clientId: 'c\0\0x', clean: true })).rejects.toThrow()
    await Promise.all([a.endAsync(), listener.endAsync()])
  })

  it('is known of a last will, and not of what was retained or came from another broker', async () => {
    await using rig = await embedded([route('r', { from: 'in/#', map: said, to: [{ kind: 'channel', channel: 'c' }] })])
    const a = await connected(rig, {
      clientId: 'a',
      will: { topic: 'in/gone', payload: Buffer.from('1'), qos: 0, retain: true },
    })
    a.on('error', () => {})
    a.stream.destroy()
    const got = async () => (await rig.messaging.channel('c')).map(({ payload }) => JSON.parse(payload))
    await until('the will', async () => (await got()).length === 1)
    expect(await got()).toEqual([{ topic: 'in/gone', client: 'a', n: 1 }])
    // As a broker that is somewhere, the same one tells nothing.
    await rig.load([route('s', { from: 'in/#', map: said, to: [{ kind: 'channel', channel: 'd' }] })])
    const other = async () => (await rig.messaging.channel('d')).map(({ payload }) => JSON.parse(payload))
    await until('what was retained', async () => (await other()).length === 1)
    const b = await connected(rig, { clientId: 'b' })
    await b.publishAsync('in/b', '2', { qos: 1 })
    await until('the message', async () => (await other()).length === 2)
    expect((await other()).map(({ client }) => client)).toEqual(['', ''])
    await b.endAsync()
  })

  it('limits each client by itself, and stands with what goes to quarantine', async () => {
    const limit = { rate: { count: 1, perMs: 60_000 }, per: { expression: 'client' }, keep: 'first' } as const
    await using rig = await embedded([
      route('few', { from: 'in/#', limit, to: [{ kind: 'channel', channel: 'few' }] }),
      route('bad', { from: 'in/#', validate: { type: 'string' }, to: [{ kind: 'channel', channel: 'bad' }] }),
    ])
    const a = await connected(rig, { clientId: 'a' })
    const b = await connected(rig, { clientId: 'b' })
    for (const qos of [0, 1, 1] as const) await a.publishAsync('in/t', '1', { qos })
    await b.publishAsync('in/t', '2', { qos: 1 })
    await until('all of them', () => rig.state.slice('routes').get('few')?.received === 4)
    expect((await rig.messaging.channel('few')).map(({ payload }) => payload)).toEqual(['1', '2'])
    const kept = await until('the quarantine', () => {
      const { rows } = rig.messaging.quarantine({ limit: 10 })
      return rows.length === 4 ? rows : undefined
    })
    expect(kept.map(({ client }) => client).toSorted()).toEqual(['a', 'a', 'a', 'b'])
    expect(rig.state.slice('routes').get('few')?.limit).toBe('1 in 1 min for each client')
    // Sent again, it is still that client's.
    await rig.loadEmbedded([route('bad', { from: 'in/#', map: said, to: [{ kind: 'channel', channel: 'again' }] })])
    const [first] = kept
    await rig.messaging.sendQuarantined({ id: first?.id ?? 0 }, undefined, { type: 'operator', via: 'browser' })
    const again = await rig.messaging.channel('again')
    expect(again.map(({ payload }) => JSON.parse(payload).client)).toEqual([first?.client])
    await Promise.all([a.endAsync(), b.endAsync()])
  })
})

describe('The mark of a sender', () => {
  it('comes back as it was made, one object for one client', () => {
    const senders = new Senders()
    for (const sender of [
      { client: 'desk-1', user: 'desk' },
      { client: 'ü\t', user: null },
    ]) {
      expect(senders.of(senderMark(sender.client, sender.user))).toEqual(sender)
    }
    expect(senders.of('')).toBeNull()
    expect(senders.of(senderMark('a', 'b'))).toBe(senders.of(senderMark('a', 'b')))
    for (let n = 0; n < 20_000; n++) senders.of(`c${n}`)
    expect(senders.of('c1')).toEqual({ client: 'c1', user: null })
  })
})
