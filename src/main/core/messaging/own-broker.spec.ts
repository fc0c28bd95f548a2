import { connectAsync } from 'mqtt'
import { expect, test } from 'vitest'
import { brokerSettings } from '#core/config/index.ts'
import { messagingRig, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'

const toTopic = (topic: string, retain = false) => [{ kind: 'mqtt', topic, qos: 0, retain } as const]

test('what a route publishes to the console’s own broker with QoS 0 reaches its subscribers and other routes in order, retained or not', async () => {
  await using rig = await messagingRig()
  await rig.loadEmbedded([
    route('first', { from: 'in', to: toTopic('middle') }),
    route('second', {
      from: 'middle',
      map: '{"client": client, "n": payload}',
      to: [{ kind: 'channel', channel: 'c' }],
    }),
    route('kept', { from: 'in', to: toTopic('kept', true) }),
  ])
  await rig.startBroker()
  await routerConnected(rig)
  const client = await connectAsync(rig.url, { clientId: 'listener', reconnectPeriod: 0 })
  const heard: string[] = []
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
  await client.subscribeAsync('middle')
  for (let n = 0; n < 50; n++) await client.publishAsync('in', String(n))
  await until('all to be heard', () => heard.length === 50)
  expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => `middle ${n}`))
  const inChannel = async () => (await rig.messaging.channel('c')).map(({ payload }) => JSON.parse(payload))
  await until('the other route to have them', async () => (await inChannel()).length === 50)
  const [one] = await inChannel()
  expect(one.client).toMatch(/^wheelhouse-router-/)
  heard.length = 0
  await client.subscribeAsync('kept')
  await until('what was retained', () => heard.length === 1)
  expect(heard).toEqual(['kept 49'])
  await client.endAsync()
})

test('a message that its mapping made larger than the console’s own broker takes is dropped with the reason; the connection stays, and others go on', async () => {
  const settings = brokerSettings()
  await using rig = await messagingRig({
    broker: { ...settings, limits: { ...settings.limits, packet: 2_000 } },
  })
  await rig.loadEmbedded([route('grows', { from: 'in', map: '[payload, payload, payload]', to: toTopic('out') })])
  await rig.startBroker()
  await routerConnected(rig)
  const client = await connectAsync(rig.url, { reconnectPeriod: 0 })
  const heard: string[] = []
  client.on('message', (_topic, payload) => heard.push(payload.toString()))
  await client.subscribeAsync('out')
  await client.publishAsync('in', JSON.stringify('x'.repeat(1_000)))
  await client.publishAsync('in', '1')
  await until('the small one', () => heard.length === 1)
  expect(heard).toEqual(['[1,1,1]'])
  const target = () => rig.state.slice('routes').get('grows')?.targets[0]
  await until('the ledger to be told', () => target()?.dropped === 1)
  expect(rig.state.slice('routes').get('grows')).toMatchObject({ targets: [{ delivered: 1, dropped: 1 }] })
  expect(client.connected).toBe(true)
  await client.endAsync()
})
