import { connect } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { type MessagingRig, messagingRig, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { mortalRuntime } from '../../../../test/support/mortal-thread.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
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
    using tap = rig.messaging.tap({ filter: '#', text: '', route: null })
    await routerConnected(rig)
    const client = connect(rig.url)
    await new Promise((resolve) => client.once('connect', resolve))
    const ready = Promise.withResolvers<void>()
    using _ = tap.onReady(() => ready.resolve())
    client.publish('site/d1/status', '{"battery": 80}')
    await ready.promise
    client.end(true)
    const seen = [...tap.take().messages]
    const [message] = seen
    expect(message).toMatchObject({ topic: 'site/d1/status', payload: '{"battery": 80}', encoding: 'utf8', cut: false })
    expect(message?.routes).toEqual([{ route: 'presence', result: 'queued' }])
    await until('the routed message', () => {
      seen.push(...tap.take().messages)
      return seen.some(({ topic }) => topic === 'board/presence')
    })
    const row = await until('the journal row', async () => (await rig.messaging.journal({ limit: 10 })).rows[0])
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

  it('reconnects by itself when the broker was stopped and started, and says so in two events', async () => {
    await using rig = await messagingRig()
    const first = await rig.startBroker()
    await rig.load([route('r', { from: 'in', to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }] })])
    await routerConnected(rig)
    await first.stop()
    await until('the router to notice', () => traffic(rig)?.router === 'connecting')
    await expect(rig.messaging.publish({ topic: 'in', payload: 'x', qos: 1, retain: false })).rejects.toMatchObject({
      problem: { code: 'broker-away', retryable: true },
    })
    await rig.startBroker()
    await routerConnected(rig)
    await rig.messaging.publish({ topic: 'in', payload: 'x', qos: 1, retain: false })
    await until('the message to be routed', () => rig.state.slice('routes').get('r')?.targets[0]?.delivered === 1)
    expect(rig.events.map(({ kind }) => kind).filter((kind) => kind.startsWith('router.'))).toEqual([
      'router.connected',
      'router.disconnected',
      'router.connected',
    ])
  })

  it('joins the broker of its own site only while that runs, and nobody else who listens on its port', async () => {
    await using stranger = await messagingRig()
    await stranger.startBroker()
    await using rig = await messagingRig()
    const definition = siteOf([serviceOf('broker', { kind: 'builtin', use: 'broker' })])
    await rig.messaging.configure(definition, stranger.url)
    expect(rig.state.slice('traffic').get('traffic')?.router).not.toBe('connected')
    expect(stranger.state.slice('traffic').get('traffic')?.broker.clients).toBe(0)
    await rig.messaging.configure(definition, rig.url)
    const own = await rig.startBroker()
    await routerConnected(rig)
    await own.stop()
    await until('the router to leave', () => rig.state.slice('traffic').get('traffic')?.router === 'off')
  })

  it('puts what it cannot route into quarantine with the reason, whatever bytes it has', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    await rig.load([
      route('needs', { from: 'in/#', where: 'payload.n > 3', to: [{ kind: 'journal', keepMs: 60_000 }] }),
      route('bytes', {
        from: 'in/#',
        to: [
          { kind: 'journal', keepMs: 60_000 },
          { kind: 'mqtt', topic: 'copy', qos: 0, retain: false },
        ],
      }),
      route('throws', { from: 'in/#', map: 'payload.n / payload.zero', to: [{ kind: 'journal', keepMs: 60_000 }] }),
    ])
    await routerConnected(rig)
    const client = connect(rig.url)
    const copies: Buffer[] = []
    client.on('message', (_topic, payload) => copies.push(payload))
    await client.subscribeAsync('copy')
    const payloads = [
      '{"n": 5}',
      '',
      '{"n":',
      Buffer.from([0, 0xff, 0xfe, 0x80]),
      Buffer.alloc(1024 * 1024, 0x61),
      '"\u0000é"',
      '{"m": 1}',
    ]
    for (const payload of payloads) await client.publishAsync('in/x/é', payload, { qos: 1 })
    await until('every copy', () => copies.length === payloads.length)
    await client.endAsync(true)
    expect(copies.map((copy) => copy.toString('latin1'))).toEqual(
      payloads.map((one) => Buffer.from(one).toString('latin1')),
    )
    await until(
      'every row',
      async () => (await rig.messaging.journal({ route: 'bytes', limit: 100 })).rows.length === payloads.length,
    )
    const found = (await rig.messaging.journal({ route: 'bytes', limit: 100 })).rows.toReversed()
    const rows = found.map(({ payload }) => payload)
    expect(rows[3]).toBe('00fffe80')
    expect(rows[4]).toHaveLength(64 * 1024)
    expect(found[4]?.bytes).toBe(1024 * 1024)
    expect(rows[5]).toBe('"\u0000é"')
    expect((await rig.messaging.journal({ route: 'needs', limit: 10 })).rows.map(({ payload }) => payload)).toEqual([
      '{"n": 5}',
    ])
    const held = await until('the quarantine', () => {
      const { rows } = rig.messaging.quarantine({ route: 'needs', limit: 100 })
      return rows.length === 5 ? rows : undefined
    })
    expect(held.map(({ reason }) => reason).reverse()).toEqual([
      expect.stringMatching(/empty/),
      expect.stringMatching(/not JSON/),
      expect.stringMatching(/not UTF-8/),
      expect.stringMatching(/1048576 bytes.*cut to the first 65536/),
      expect.stringMatching(/not JSON/),
    ])
    expect(held[2]).toMatchObject({ encoding: 'hex', payload: '00fffe80' })
    expect(rig.messaging.quarantine({ route: 'throws', limit: 1 }).rows[0]?.reason).toMatch(/"map" failed: No such key/)
    const ledger = await until('the ledger to settle', () => {
      const shown = rig.state.slice('routes').get('needs')
      return shown?.received === payloads.length && shown.targets[0]?.queued === 0 ? shown : undefined
    })
    expect(ledger).toMatchObject({ filtered: 1, quarantined: 5, targets: [{ delivered: 1, dropped: 0 }] })
    expect(rig.events.filter(({ kind }) => kind === 'route.failing').map(({ subject }) => subject)).toContain(
      'route:needs',
    )
    expect(rig.raised.map(({ id }) => id)).toContain('route-failing:needs')
  })

  it('changes routes while messages flow, without losing or doubling one', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    const keep = route('keep', { from: 'in', to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }] })
    const journal = { kind: 'journal', keepMs: 60_000 } as const
    await rig.load([keep, route('changing', { from: 'in', to: [journal] })])
    await routerConnected(rig)
    const client = connect(rig.url)
    const got: number[] = []
    client.on('message', (_topic, payload) => got.push(Number(payload.toString())))
    await client.subscribeAsync('out', { qos: 1 })
    for (let n = 0; n < 600; n++) {
      client.publish('in', String(n), { qos: 1 })
      if (n % 100 === 50) {
        await rig.load([keep, route('changing', { from: 'in', where: n % 200 === 50 ? 'true' : null, to: [journal] })])
      }
    }
    await until('every message', () => got.length >= 600)
    await until('every row', async () => (await rig.messaging.journal({ limit: 1_000 })).rows.length >= 600)
    await client.endAsync(true)
    expect(got).toEqual(Array.from({ length: 600 }, (_, n) => n))
    const rows = (await rig.messaging.journal({ limit: 1_000 })).rows.map(({ payload }) => Number(payload))
    expect(rows.reverse()).toEqual(Array.from({ length: 600 }, (_, n) => n))
    await until('the ledger', () => rig.state.slice('routes').get('keep')?.targets[0]?.delivered === 600)
  })

  it('does not load a route with a mistake, says why, and loads the others', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    await rig.load([route('bad', { where: 'payload.' }), route('good', { to: [{ kind: 'channel', channel: 'c' }] })])
    await routerConnected(rig)
    await rig.messaging.publish({ topic: 'x', payload: '1', qos: 1, retain: false })
    await until('the good route', () => rig.state.slice('routes').get('good')?.received === 1)
    expect(rig.state.slice('routes').get('bad')).toMatchObject({
      received: 0,
      lastError: expect.stringMatching(/character 9/),
    })
    expect(rig.events.find(({ kind }) => kind === 'route.refused')?.subject).toBe('route:bad')
  })

  it('sends on what a limit lets through, the first at once and the newest when it may, and counts the others', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    const limit = { rate: { count: 1, perMs: 300 }, per: 'topic', keep: 'latest' } as const
    await rig.load([route('r', { from: 'in/+', limit, to: [{ kind: 'journal', keepMs: 60_000 }] })])
    await routerConnected(rig)
    for (const n of ['1', '2', '3', '4'])
      for (const topic of ['in/a', 'in/b']) await rig.messaging.publish({ topic, payload: n, qos: 1, retain: false })
    const settled = await until('everything to be through', () => {
      const view = rig.state.slice('routes').get('r')
      return view?.received === 8 && view.held + (view.targets[0]?.queued ?? 0) === 0 ? view : undefined
    })
    const rows = (await rig.messaging.journal({ limit: 10 })).rows.map(({ topic, payload }) => `${topic} ${payload}`)
    for (const topic of ['in/a', 'in/b']) {
      expect(rows).toContain(`${topic} 1`)
      expect(rows.find((row) => row.startsWith(topic))).toBe(`${topic} 4`) // the newest row comes first
    }
    expect(settled).toMatchObject({ limit: '1 in 300 ms for each topic, the latest kept', filtered: 0, quarantined: 0 })
    expect(settled.limited + rows.length).toBe(8)
    expect(settled.limited).toBeGreaterThan(0)
  })

  it('starts a dead data plane again: taps live on, routing goes on, the ledger still adds up, an event says so', async () => {
    using runtime = mortalRuntime()
    await using rig = await messagingRig({ runtime })
    await rig.startBroker()
    await rig.load([route('r', { from: 'in', to: [{ kind: 'journal', keepMs: 60_000 }] })])
    await routerConnected(rig)
    using tap = rig.messaging.tap({ filter: 'in', text: '', route: null })
    await rig.messaging.publish({ topic: 'in', payload: 'before', qos: 1, retain: false })
    await until('the first message', async () => (await rig.messaging.journal({ limit: 1 })).rows.length === 1)
    await until('the count', () => rig.state.slice('routes').get('r')?.targets[0]?.delivered === 1)
    runtime.kill()
    await until('the crash to be seen', () => rig.events.some(({ kind }) => kind === 'router.crashed'))
    await routerConnected(rig)
    await rig.messaging.publish({ topic: 'in', payload: 'after', qos: 1, retain: false })
    const seen: string[] = []
    await until('the tap to show it', () => {
      seen.push(...tap.take().messages.map(({ payload }) => payload))
      return seen.includes('after')
    })
    await until('the second row', async () => (await rig.messaging.journal({ limit: 2 })).rows.length === 2)
    await until('the count to go on', () => rig.state.slice('routes').get('r')?.targets[0]?.delivered === 2)
    expect(rig.state.slice('routes').get('r')).toMatchObject({ received: 2, filtered: 0, quarantined: 0 })
  })

  it('replaces a data plane that hangs once it has not reported for 15 seconds', async () => {
    using runtime = mortalRuntime()
    const clock = new ManualClock()
    await using rig = await messagingRig({ runtime, clock })
    await rig.startBroker()
    const configured = rig.load([route('r', { from: 'in', to: [{ kind: 'channel', channel: 'c' }] })])
    await configured
    const passed = async (ms: number) => {
      await clock.advance(ms)
      return true
    }
    await until('the router to be connected', async () => (await passed(20)) && traffic(rig)?.router === 'connected')
    runtime.hang()
    await until('the last report to have come', async () => {
      const before = rig.events.length
      await passed(15_000)
      return rig.events.length > before
    })
    expect(rig.events.at(-1)).toMatchObject({ kind: 'router.crashed', data: { reason: 'it did not answer for 15 s' } })
    await until('its successor to be connected', async () => (await passed(20)) && traffic(rig)?.router === 'connected')
    await rig.messaging.publish({ topic: 'in', payload: 'x', qos: 1, retain: false })
    await until('the message', async () => (await rig.messaging.channel('c')).length === 1)
  })

  it('gives back every thread, socket and timer', async () => {
    const before = process.getActiveResourcesInfo().sort()
    {
      await using rig = await messagingRig()
      await rig.startBroker()
      await rig.load([route('r', { to: [{ kind: 'journal', keepMs: 60_000 }] })])
      await routerConnected(rig)
      rig.messaging.tap({ filter: '#', text: '', route: null })
      await rig.messaging.publish({ topic: 'x', payload: '1', qos: 1, retain: false })
    }
    await until('everything to be closed', () => process.getActiveResourcesInfo().length <= before.length)
  })

  it('opens without a broker, and publishes nothing to wildcards or to the broker’s own topics', async () => {
    await using rig = await messagingRig()
    await rig.load([], null)
    expect(traffic(rig)?.router).toBe('off')
    for (const topic of ['a/#', '$SYS/x', '']) {
      await expect(rig.messaging.publish({ topic, payload: '', qos: 0, retain: false })).rejects.toMatchObject({
        problem: { code: 'topic-invalid' },
      })
    }
    await expect(rig.messaging.publish({ topic: 'a', payload: '', qos: 0, retain: false })).rejects.toMatchObject({
      problem: { code: 'broker-away' },
    })
  })
})

function traffic(rig: MessagingRig) {
  return rig.state.slice('traffic').get('traffic')
}
