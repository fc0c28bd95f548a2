import { connect } from 'mqtt'
import { expect, test } from 'vitest'
import { messagingRig } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'

test('The broker tells of each client: address, since when, subscriptions, last will, messages in and out; and forgets who has gone', async () => {
  await using rig = await messagingRig()
  await rig.startBroker()
  const started = Date.now()
  const will = { topic: 'desk/7/status', payload: Buffer.from('{"online":false}'), qos: 1 as const, retain: true }
  const client = connect(rig.url, { clientId: 'desk-7', reconnectPeriod: 0, will })
  await client.subscribeAsync({ 'desk/7/set': { qos: 1 } })
  await client.publishAsync('desk/7/set', 'a', { qos: 1 })
  await client.publishAsync('desk/7/status', 'b')
  const desk = () => rig.messaging.clientFigures().clients.find(({ id }) => id === 'desk-7')
  await until('two messages in and one out', () => desk()?.received === 2 && desk()?.sent === 1)
  expect(desk()).toMatchObject({
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    subscriptions: [{ filter: 'desk/7/set', qos: 1 }],
    moreSubscriptions: 0,
    will: { topic: 'desk/7/status', payload: '{"online":false}', qos: 1, retain: true },
  })
  expect(desk()?.since).toBeGreaterThanOrEqual(started)
  await client.unsubscribeAsync('desk/7/set')
  await until('the subscription to be gone', () => desk()?.subscriptions.length === 0)
  await client.endAsync()
  await until('the client to be gone', () => desk() === undefined)
})
