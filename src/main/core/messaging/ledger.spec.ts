import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { Aedes } from 'aedes'
import { MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { routeFunction } from '../../../../test/support/function-rig.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { StoreWriter } from '../../../../test/support/store-writer.ts'
import { until } from '../../../../test/support/until.ts'
import { Receipts } from './admission/receipts.ts'
import { Channels, ChannelTarget } from './channels.ts'
import { functionGround } from './function/function-ground.ts'
import { Functions } from './function/functions.ts'
import { HeldMessages } from './holding/held-messages.ts'
import { isDurable, type RouteLedger } from './ledger.ts'
import { MqttSender } from './mqtt-sender.ts'
import { MqttDelivery } from './outbox/mqtt-delivery.ts'
import { Outbox } from './outbox/outbox.ts'
import { Router } from './router.ts'
import { StoreLine, StorePort } from './store-line.ts'
import { JournalTarget, StoreQuarantine } from './store-targets.ts'
import { journalTable, quarantineTable } from './tables.ts'
import { TapRing } from './tap-ring.ts'
import { noBounds } from './target-topic.ts'

const limit = { rate: { count: 1, perMs: 500 }, per: 'route', keep: 'latest' } as const
const batch = { windowMs: 5_000, most: 4, bytes: 65_536, per: 'route', as: null } as const
const mqtt = (topic: string, qos: 0 | 1) => ({ kind: 'mqtt', topic, qos, retain: false }) as const
const routes = [
  route('plain', { from: 'in/#', to: [mqtt('out/plain', 0), { kind: 'channel', channel: 'all' }] }),
  route('sure', {
    from: 'in/+',
    where: 'payload.n > 3',
    to: [mqtt('out/sure', 1), { kind: 'journal', keepMs: 1_000 }],
  }),
  route('rare', {
    from: 'in/+',
    limit: { rate: { count: 2, perMs: 40 }, per: 'topic', keep: 'latest' },
    map: '{"n": payload.n}',
    to: [mqtt('out/rare', 1), { kind: 'channel', channel: 'rare' }],
  }),
  route('first', {
    from: 'in/+',
    limit: { rate: { count: 3, perMs: 100 }, per: { expression: 'payload.n' }, keep: 'first' },
    to: [mqtt('out/first', 0)],
  }),
  route('gathered', {
    from: 'in/+',
    map: '{"n": payload.n}',
    batch: { windowMs: 50, most: 7, bytes: 200, per: 'topic', as: 'mean(items.map(i, i.n))' },
    to: [mqtt('out/gathered', 1), { kind: 'channel', channel: 'gathered' }],
  }),
  route('both', {
    from: 'in/+',
    limit: { rate: { count: 2, perMs: 40 }, per: 'topic', keep: 'latest' },
    batch: { windowMs: 90, most: 3, bytes: 65_536, per: { expression: 'topic[1]' }, as: null },
    to: [mqtt('out/both', 1)],
  }),
  route('newest', {
    from: 'in/+',
    to: [
      { ...mqtt('out/newest', 1), keep: 'latest' },
      { ...mqtt('out/keyed/#', 1), key: 'payload.n', keep: 'latest' },
      { ...mqtt('out/ordered', 1), key: 'topic[1]' },
    ],
  }),
  route('called', {
    from: 'in/+',
    limit: { rate: { count: 20, perMs: 40 }, per: 'topic', keep: 'latest' },
    map: routeFunction({ timeoutMs: 5_000 }),
    batch: { windowMs: 50, most: 7, bytes: 4_096, per: 'topic', as: null },
    to: [mqtt('out/called', 1), { kind: 'channel', channel: 'called' }],
  }),
  route('mapped', { from: '/^in/', map: '{"n": payload.n}', to: [mqtt('out/mapped', 1), mqtt('out/copy', 0)] }),
]

/** Filters, throws and ends its process now and then. */
const fickle = `
  let calls = 0
  export default async (payload) => {
    if (++calls % 700 === 0) process.exit()
    if (payload.m === 5) return undefined
    if (payload.n === 'x') throw new Error('no number')
    return calls % 50 === 0 ? await payload.n : payload.n
  }
`

describe('The loss ledger', () => {
  let clock: ManualClock
  beforeEach(() => {
    clock = new ManualClock()
  })
  const ends: (() => void | Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  it('adds up after every step of random traffic, lost connections, changed routes and a failing store', async () => {
    const random = seeded(7)
    const broker = await Aedes.createBroker()
    ends.push(() => new Promise((resolve) => broker.close(resolve)))
    const arrived = new Map<string, number>()
    broker.on('publish', ({ topic }) => arrived.set(topic, (arrived.get(topic) ?? 0) + 1))

    const sender = new MqttSender()
    const port = new StorePort(() => {})
    const { outbox, delivery } = outboxOn(port)
    const journal = new StoreLine(journalTable, { rows: 1_000, batches: 3, bytes: 10_000, inFlight: 4 }, port)
    const quarantine = new StoreLine(quarantineTable, { rows: 1_000, batches: 2, bytes: 10_000, inFlight: 4 }, port)
    ends.push(() => {
      sender.close()
      outbox[Symbol.dispose]()
      journal.close()
      quarantine.close()
      port.close()
    })
    const channels = new Channels()
    let ended = 0
    const folder = temporaryFolder()
    writeFileSync(join(folder.path, 'f.mjs'), fickle)
    const functions = new Functions({
      clock: systemClock(),
      log: (_level, message) => {
        if (message.includes('ended by itself')) ended++
      },
      onProgress: () => {},
    })
    functions.use(await functionGround(folder.path, testRuntime()))
    ends.push(async () => {
      await functions[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    })
    const held: HeldMessages = new HeldMessages({
      port,
      now: () => Date.now(),
      routes: () => router.routes(),
      take: (go, settle) => receipts.take(go, settle),
      onProgress: () => receipts.progress(),
      log: () => {},
    })
    const receipts = new Receipts([held.line, outbox.line, journal, quarantine])
    ends.push(() => {
      receipts[Symbol.dispose]()
      held[Symbol.dispose]()
    })
    const router = new Router({
      quarantine: new StoreQuarantine(quarantine, () => {}),
      holdingOf: (id, ledger) => held.of(id, ledger),
      taps: new TapRing(),
      clock,
      functions,
      makeTarget: (definition, to, ledger) => {
        switch (to.kind) {
          case 'mqtt':
            return isDurable(to) ? outbox.target(definition, to, to.topic, ledger) : sender.target(to, ledger)
          case 'channel':
            return new ChannelTarget(definition.id, ledger, channels.get(to.channel))
          case 'journal':
            return new JournalTarget(definition.id, ledger, journal, () => null)
          case 'webhook':
            return outbox.target(definition, to, to.url, ledger)
        }
      },
    })
    router.load(routes)
    held.serve()

    let client: MqttClient | undefined
    const disconnect = () => {
      if (client) {
        sender.closed()
        delivery.closed()
      }
      client?.end(true)
      client = undefined
    }
    const connect = async () => {
      if (client) return
      client = await connected(broker)
      sender.opened(client, { ...noBounds, delivering: null })
      delivery.opened(client)
      outbox.wake('mqtt', true)
    }
    ends.push(disconnect)
    let failures = 0
    const writer = new StoreWriter()
    ends.push(() => writer[Symbol.dispose]())
    writer.outcome = () => {
      if (random() >= 0.2) return null
      failures++
      return { reason: 'store-full', retryable: random() < 0.5 }
    }
    writer.serve((one) => port.attach(one))

    let sent = 0
    const payloads = ['{"n": 5}', '{"n": 1}', '{"m": 5}', '{"n":', '', '{"n": "x"}', '\xff\xfe']
    for (let step = 0; step < 1_500; step++) {
      const dice = random()
      if (dice < 0.9) {
        await clock.advance(Math.floor(random() * 30))
        for (let n = Math.floor(random() * 20); n >= 0; n--, sent++) {
          const payload = payloads[Math.floor(random() * payloads.length)] ?? ''
          const qos = random() < 0.5 ? 1 : 0
          router.take(`in/${Math.floor(random() * 3)}`, Buffer.from(payload, 'latin1'), qos, false, step)
          expectToAddUp(router.ledgers())
        }
      } else if (dice < 0.93) disconnect()
      else if (dice < 0.97) await connect()
      else if (dice < 0.98) {
        writer.serve((one) => port.attach(one))
      } else if (dice < 0.99)
        router.load([
          ...routes.slice(step % 2),
          route(`new-${step}`, { from: 'in/0', limit, batch, to: [mqtt(`out/${step}`, 1)] }),
        ])
      await new Promise((resolve) => setImmediate(resolve))
      expectToAddUp(router.ledgers())
    }
    expect(failures).toBeGreaterThan(0)
    expect(router.report().received).toBe(sent)

    await connect()
    writer.outcome = () => null
    writer.serve((one) => port.attach(one))
    journal.flush()
    expect(router.ledgers().some((ledger) => ledger.counts().limited > 0)).toBe(true)
    await clock.advance(10_000)
    expect(router.ledgers().some((ledger) => ledger.counts().merged > 0)).toBe(true)
    await functions.settled(60_000)
    expect(ended).toBeGreaterThan(0)
    expectToAddUp(router.ledgers())
    await clock.advance(10_000)
    expect(router.ledgers().every((ledger) => ledger.counts().held === 0)).toBe(true)
    const newest = router.ledgers().find(({ id }) => id === 'newest')
    for (const index of [0, 1]) expect(newest?.targets[index]?.counts().merged).toBeGreaterThan(100)
    await until('every queue to be empty', () =>
      router.ledgers().every((ledger) => ledger.targets.every((target) => target.queued === 0)),
    )
    expectToAddUp(router.ledgers())
    for (const ledger of router.ledgers()) {
      for (const target of ledger.counts().targets) {
        // What the broker acknowledged has arrived, at least once.
        if (target.name === 'out/sure' || target.name === 'out/mapped') {
          await until('it to arrive', () => (arrived.get(target.name) ?? 0) >= target.delivered)
        }
      }
    }
  })

  it('loses nothing over lost connections while the queue holds it, and keeps the order', async () => {
    const broker = await Aedes.createBroker()
    ends.push(() => new Promise((resolve) => broker.close(resolve)))
    const got: string[] = []
    broker.on('publish', ({ topic, payload }) => {
      if (topic === 'out') got.push(payload.toString())
    })
    const port = new StorePort(() => {})
    const { outbox, delivery } = outboxOn(port)
    const writer = new StoreWriter()
    writer.serve((one) => port.attach(one))
    ends.push(() => {
      outbox[Symbol.dispose]()
      port.close()
      writer[Symbol.dispose]()
    })
    const router = new Router({
      quarantine: { hold() {} },
      taps: new TapRing(),
      clock,
      makeTarget: (definition, to, ledger) => outbox.target(definition, to, 'out', ledger),
    })
    router.load([route('r', { from: 'in', to: [mqtt('out', 1)] })])
    for (let n = 0; n < 1_000; n++) {
      if (n % 100 === 50) {
        const client = await connected(broker)
        delivery.opened(client)
        outbox.wake('mqtt', true)
        if (n % 200 === 50) await until('something to arrive', () => got.length > 0)
        delivery.closed()
        client.end(true)
      }
      router.take('in', Buffer.from(String(n)), 1, false, Date.now())
    }
    const client = await connected(broker)
    ends.push(() => void client.end(true))
    delivery.opened(client)
    outbox.wake('mqtt', true)
    await until('the queue to be empty', () => router.ledgers()[0]?.targets[0]?.queued === 0)
    // This broker acknowledges before it passes a message on.
    await until('every message to be passed on', () => new Set(got).size === 1_000)
    expect([...new Set(got)]).toEqual(Array.from({ length: 1_000 }, (_, n) => String(n)))
    expect(router.ledgers()[0]?.counts()).toMatchObject({
      received: 1_000,
      targets: [{ delivered: 1_000, dropped: 0 }],
    })
  })

  it('drops the oldest of a full queue and counts it', () => {
    const sender = new MqttSender()
    const router = new Router({
      quarantine: { hold() {} },
      taps: new TapRing(),
      clock,
      makeTarget: (_route, _to, ledger) => sender.target(mqtt('out', 0), ledger),
    })
    router.load([route('r', { from: 'in', to: [mqtt('out', 0)] })])
    for (let n = 0; n < 10_500; n++) router.take('in', Buffer.from('x'), 0, false, n)
    const [ledger] = router.ledgers()
    expect(ledger?.counts().targets[0]).toMatchObject({ queued: 10_000, dropped: 500, delivered: 0 })
    expect(ledger?.counts().targets[0]?.lastError).toMatch(/full/)
    for (let n = 0; n < 20; n++) router.take('in', Buffer.alloc(1024 * 1024), 0, false, n)
    expect(ledger?.counts().targets[0]?.queued).toBe(16)
    expectToAddUp(router.ledgers())
  })
})

function expectToAddUp(ledgers: readonly RouteLedger[]): void {
  for (const ledger of ledgers) {
    const { id, received, restored, filtered, limited, held, merged, quarantined, targets } = ledger.counts()
    for (const { name, delivered, queued, dropped, expired, carried, ...target } of targets) {
      const places = [
        filtered,
        limited,
        held,
        merged,
        quarantined,
        delivered,
        queued,
        dropped,
        expired,
        target.quarantined,
      ]
      const came = received + (restored ?? 0) + (carried ?? 0)
      places.push(target.merged)
      if (places.reduce((sum, part) => sum + part) !== came || Math.min(...places) < 0) {
        expect.fail(`${id} → ${name}: ${came} ≠ ${places.join(' + ')}`)
      }
    }
  }
}

/** A real client on a real broker, over a pair of streams in memory. */
async function connected(broker: Aedes): Promise<MqttClient> {
  const [near, far] = duplexPair()
  const client = new MqttClient(() => near, { reconnectPeriod: 0, resubscribe: false })
  client.on('error', () => {})
  const ready = new Promise<void>((resolve) => client.once('connect', () => resolve()))
  broker.handle(far)
  await ready
  return client
}

/** An outbox that delivers by MQTT. */
function outboxOn(port: StorePort): { readonly outbox: Outbox; readonly delivery: MqttDelivery } {
  const delivery = new MqttDelivery()
  const outbox = new Outbox({
    port,
    random: () => 0.5,
    now: () => Date.now(),
    onProgress: () => {},
    log: () => {},
  })
  outbox.use('mqtt', delivery)
  return { outbox, delivery }
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
