import { connect } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { messagingRig, mosquitto, route } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'

describe('Messaging', () => {
  it('shows a message of an outside client within 200 ms, with what its routes did', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    await rig.load([
      route('presence', {
        from: 'site/+/status',
        where: 'payload.battery > 5',
        map: '{"desk": topic[1], "battery": payload.battery, "n": 1}',
        to: [
          { kind: 'channel', channel: 'desks' },
          { kind: 'mqtt', topic: 'board/presence', qos: 0, retain: false },
          { kind: 'journal', keepMs: 60_000 },
        ],
      }),
    ])
    using tap = rig.messaging.tap('#', '')
    await until('the router to be connected', () => rig.state.slice('traffic').get('traffic')?.router === 'connected')
    const client = connect(rig.url)
    await new Promise((resolve) => client.once('connect', resolve))
    const ready = Promise.withResolvers<number>()
    using _ = tap.onReady(() => ready.resolve(performance.now()))
    const sent = performance.now()
    client.publish('site/d1/status', '{"battery": 80}')
    expect((await ready.promise) - sent).toBeLessThan(200)
    client.end(true)
    const seen = [...tap.take().messages]
    const [message] = seen
    expect(message).toMatchObject({ topic: 'site/d1/status', payload: '{"battery": 80}', encoding: 'utf8', cut: false })
    expect(message?.routes).toEqual([{ route: 'presence', result: 'queued' }])
    await until('the routed message', () => {
      seen.push(...tap.take().messages)
      return seen.some(({ topic }) => topic === 'board/presence')
    })
    const row = await until('the journal row', () => rig.messaging.journal({ limit: 10 }).rows[0])
    expect(row).toMatchObject({
      route: 'presence',
      topic: 'site/d1/status',
      payload: '{"desk":"d1","battery":80,"n":1}',
    })
    expect((await rig.messaging.channel('desks'))[0]?.payload).toBe('{"desk":"d1","battery":80,"n":1}')
    const view = await until('the ledger', () => {
      const shown = rig.state.slice('routes').get('presence')
      return shown?.targets.every((target) => target.delivered === 1) ? shown : undefined
    })
    expect(view).toMatchObject({ received: 1, filtered: 0, quarantined: 0 })
  })

  it('speaks with the mosquitto clients', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    const got = mosquitto('mosquitto_sub', ['-p', String(rig.port), '-t', 'a/#', '-C', '1', '-W', '10', '-q', '1'])
    await until('a message to be received', async () => {
      await mosquitto('mosquitto_pub', ['-p', String(rig.port), '-t', 'a/b', '-m', 'hello', '-q', '1'])
      return Promise.race([got, new Promise<undefined>((resolve) => setTimeout(resolve, 50))])
    })
    expect(await got).toBe('hello\n')
  })
})
