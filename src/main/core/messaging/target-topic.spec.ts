import { connect } from 'mqtt'
import { expect, it } from 'vitest'
import { messagingRig, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'

it.each([
  ['longer than a packet can say', 'x'.repeat(65_532), 'more than the 65535 of MQTT'],
  ['of more levels than the broker takes', 'x/'.repeat(98), '101 levels, and the broker takes 100'],
])(
  'A topic that becomes %s goes to quarantine, or is dropped, and the router keeps its connection',
  async (_what, levels, reason) => {
    await using rig = await messagingRig()
    await rig.loadEmbedded([
      route('sure', { from: 'in/#', to: [{ kind: 'mqtt', topic: 'plant/#', qos: 1, retain: false }] }),
      route('quick', { from: 'in/#', to: [{ kind: 'mqtt', topic: 'lab/#', qos: 0, retain: false }] }),
    ])
    await rig.startBroker()
    await routerConnected(rig)
    const client = connect(rig.url, { reconnectPeriod: 0 })
    const got: string[] = []
    client.on('message', (topic) => got.push(topic))
    await client.subscribeAsync(['plant/#', 'lab/#'], { qos: 1 })
    await client.publishAsync(`in/${levels}`, '1', { qos: 1 })
    await until('it to be in quarantine', () => rig.messaging.quarantine({ limit: 1 }).rows.length === 1)
    expect(rig.messaging.quarantine({ limit: 1 }).rows[0]?.reason).toContain(reason)
    await client.publishAsync('in/a', '2', { qos: 1 })
    await until('the next one to arrive', () => got.includes('plant/in/a') && got.includes('lab/in/a'))
    expect(rig.state.slice('routes').get('quick')?.targets[0]).toMatchObject({
      dropped: 1,
      queued: 0,
      lastError: expect.stringContaining(reason),
    })
    expect(rig.events.some(({ kind }) => kind === 'router.crashed')).toBe(false)
    client.end(true)
  },
  60_000,
)
