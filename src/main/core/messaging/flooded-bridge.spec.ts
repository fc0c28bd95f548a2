import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { messagingRig, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'

const messages = 200_000

test('what a route sends back to the console’s own broker with QoS 0 is slowed down with it, and none is dropped', async () => {
  await using rig = await messagingRig()
  await rig.loadEmbedded([
    route('bridge', { from: 'in/+', to: [{ kind: 'mqtt', topic: 'out', qos: 0, retain: false }] }),
  ])
  await rig.startBroker()
  await routerConnected(rig)
  await flood(rig.port)
  const target = () => rig.state.slice('routes').get('bridge')?.targets[0]
  await until('everything to be through', () => (target()?.delivered ?? 0) + (target()?.dropped ?? 0) === messages)
  expect(target()).toMatchObject({ delivered: messages, dropped: 0 })
})

/** Sends as fast as the broker reads: packets made beforehand, written in one piece again and again (MQTT 3.1.1, sections 3.1, 3.3 and 3.14). */
async function flood(port: number): Promise<void> {
  const packets = Array.from({ length: 1_000 }, (_, n) => published(`in/${n % 10}`, 'x'.repeat(200)))
  const piece = Buffer.concat(packets)
  const socket = connect(port, '127.0.0.1')
  socket.write(Buffer.from([0x10, 17, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 0, 0, 5, ...Buffer.from('flood')]))
  await once(socket, 'data')
  for (let sent = 0; sent < messages; sent += packets.length) if (!socket.write(piece)) await once(socket, 'drain')
  socket.end(Buffer.from([0xe0, 0]))
  await once(socket, 'close')
}

function published(topic: string, payload: string): Buffer {
  const length = 2 + topic.length + payload.length
  return Buffer.from([0x30, (length % 128) | 128, length >> 7, 0, topic.length, ...Buffer.from(topic + payload)])
}
