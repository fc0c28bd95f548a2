import { connectAsync } from 'mqtt'
import { expect, test } from 'vitest'
import { messagingRig, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'

test('what a route sends back to the console’s own broker with QoS 0 is slowed down with it, and none is dropped', async () => {
  await using rig = await messagingRig()
  await rig.loadEmbedded([
    route('bridge', { from: 'in/+', to: [{ kind: 'mqtt', topic: 'out', qos: 0, retain: false }] }),
  ])
  await rig.startBroker()
  await routerConnected(rig)
  const publisher = await connectAsync(rig.url)
  const messages = 60_000
  const payload = 'x'.repeat(200)
  for (let n = 0; n < messages; n++) publisher.publish(`in/${n % 10}`, payload)
  const target = () => rig.state.slice('routes').get('bridge')?.targets[0]
  await until(
    'everything to be through',
    () => (target()?.delivered ?? 0) + (target()?.dropped ?? 0) === messages,
    60_000,
  )
  expect(target()).toMatchObject({ delivered: messages, dropped: 0 })
  await publisher.endAsync()
}, 90_000)
