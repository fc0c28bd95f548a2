import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, type MqttClient } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import type { RouteDefinition } from '#core/config/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { type MessagingRig, messagingRig, route, routerConnected } from '../../../../../test/support/messaging-rig.ts'
import { mortalRuntime } from '../../../../../test/support/mortal-thread.ts'
import { findProgram, needs } from '../../../../../test/support/needs.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { until } from '../../../../../test/support/until.ts'

const sure: RouteDefinition = route('sure', {
  from: 'in/#',
  to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }],
})

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

describe('Durable delivery', () => {
  it('acknowledges a publisher of the own broker once its message is on the disk, and takes it once', async () => {
    await using rig = await messagingRig()
    await rig.loadEmbedded([sure, route('all', { from: '#', to: [{ kind: 'channel', channel: 'all' }] })])
    await rig.startBroker()
    await routerConnected(rig)
    const got = await subscriber(rig.url, 'out')
    using tap = rig.messaging.tap({ filter: 'in/#', text: '', route: null })
    const client = await publisher(rig.url)
    await client.publishAsync('in/a', 'one', { qos: 1 })
    await client.publishAsync('in/a', 'two', { qos: 2 })
    await client.publishAsync('in/a', 'three', { qos: 0 })
    await until('all of them to arrive', () => got.length === 3)
    expect(got).toEqual(['one', 'two', 'three'])
    const view = await until('the ledger', () => {
      const shown = rig.state.slice('routes').get('all')
      return shown?.received === 6 ? shown : undefined
    })
    expect(view.targets[0]?.delivered).toBe(6)
    expect(rig.state.slice('routes').get('sure')).toMatchObject({ received: 3, quarantined: 0 })
    const seen: string[] = []
    await until('the tap to show all', () => {
      seen.push(...tap.take().messages.map(({ payload }) => payload))
      return seen.length >= 3
    })
    expect(seen).toEqual(['one', 'two', 'three'])
    await until('the outbox to be empty', () => rowsOf(rig) === 0)
  })

  it('gives up a message for which the broker hangs up again and again, so that the others arrive', async () => {
    await using rig = await messagingRig()
    await rig.loadEmbedded([
      route('grows', {
        from: 'in/#',
        map: 'payload.big ? [1,2,3,4,5,6,7,8,9,10,11,12].map(n, payload.text) : payload.text',
        to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }],
      }),
    ])
    await rig.startBroker()
    await routerConnected(rig)
    const got = await subscriber(rig.url, 'out')
    const client = await publisher(rig.url)
    // Twelve times that is more than the broker takes in one packet.
    await client.publishAsync('in/a', JSON.stringify({ big: true, text: 'x'.repeat(200_000) }), { qos: 1 })
    await client.publishAsync('in/a', JSON.stringify({ big: false, text: 'after it' }), { qos: 1 })
    await until('what stood behind it', () => rowsOf(rig) === 0 && got.includes('after it'))
    await until('the ledger', () => rig.state.slice('routes').get('grows')?.targets[0]?.quarantined === 1)
  })

  it('keeps publishers waiting while the data plane is away, and loses nothing that was acknowledged', async () => {
    using runtime = mortalRuntime()
    await using rig = await messagingRig({ runtime })
    await rig.loadEmbedded([sure])
    await rig.startBroker()
    await routerConnected(rig)
    const got = await subscriber(rig.url, 'out')
    const client = await publisher(rig.url)
    const acknowledged: string[] = []
    const sending: Promise<unknown>[] = []
    for (let n = 0; n < 2_000; n++) {
      if (n === 500 || n === 1_200) runtime.kill()
      sending.push(client.publishAsync('in/a', String(n), { qos: 1 }).then(() => acknowledged.push(String(n))))
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(sending)
    expect(acknowledged.length).toBe(2_000)
    await until('all of them to arrive', () => new Set(got).size === 2_000)
    expect([...new Set(got)]).toEqual(acknowledged)
    const view = await until('the ledger to come to rest', () => {
      const shown = rig.state.slice('routes').get('sure')
      return shown?.targets[0]?.queued === 0 ? shown : undefined
    })
    const [target] = view.targets
    const came = view.received + (target?.carried ?? 0)
    expect(came).toBe((target?.delivered ?? 0) + (target?.dropped ?? 0))
    expect(target?.dropped).toBe(0)
  })

  it('goes on after a restart with what the outbox holds, in its order and before what comes then', async () => {
    using folder = temporaryFolder()
    const [port = 0] = await freePorts(1)
    {
      await using rig = await messagingRig({ directory: folder.path, port })
      const rows = Array.from({ length: 3_000 }, (_, n) => row(n))
      await rig.store.messages.write(rows, 'outbox')
      await rig.store.settled()
    }
    await using rig = await messagingRig({ directory: folder.path, port })
    await rig.startBroker()
    const got = await subscriber(rig.url, 'out')
    await rig.loadEmbedded([sure])
    const client = await publisher(rig.url)
    await client.publishAsync('in/new', 'new', { qos: 1 })
    await until('all of them to arrive', () => got.includes('new'))
    expect(got).toEqual([...Array.from({ length: 3_000 }, (_, n) => String(n)), 'new'])
    await until('the ledger to come to rest', () => targetOf(rig)?.queued === 0)
    expect(targetOf(rig)).toMatchObject({ carried: 3_000, delivered: 3_001, dropped: 0 })
    await until('the outbox to be empty', () => rowsOf(rig) === 0)
  })
})

describe('What is in quarantine', () => {
  it('is sent again through its route, put right where that is asked, or given up; each with an event', async () => {
    await using rig = await messagingRig()
    const strict = { ...sure, id: 'strict', where: 'payload.n > 3' }
    await rig.loadEmbedded([strict])
    await rig.startBroker()
    await routerConnected(rig)
    const got = await subscriber(rig.url, 'out')
    const client = await publisher(rig.url)
    for (const payload of ['{"n":', 'rubbish', 'more']) await client.publishAsync('in/a', payload, { qos: 1 })
    const held = await until('them to be in quarantine', () => {
      const { rows } = rig.messaging.quarantine({ limit: 10 })
      return rows.length === 3 ? rows : undefined
    })
    const [, second, first] = held
    if (!first || !second) throw new Error('there are three')
    const cause = { type: 'operator', via: 'browser' } as const
    expect(await rig.messaging.sendQuarantined({ id: first.id }, '{"n": 5}', cause)).toEqual({ done: 1, left: 0 })
    await until('it to arrive', () => got.includes('{"n": 5}'))
    // As it was it is refused for the same reason, and is kept again.
    await rig.messaging.sendQuarantined({ id: second.id }, undefined, cause)
    await until('it to be back', () => rig.messaging.quarantine({ limit: 10 }).rows[0]?.payload === 'rubbish')
    expect(await rig.messaging.discardQuarantined({ route: 'strict' }, cause)).toEqual({ done: 2, left: 0 })
    expect(rig.messaging.quarantine({ limit: 10 }).rows).toEqual([])
    await expect(rig.messaging.discardQuarantined({ id: first.id }, cause)).rejects.toMatchObject({
      problem: { code: 'message-gone' },
    })
    const told = rig.events.filter(({ kind }) => kind.startsWith('quarantine.'))
    expect(told.map(({ kind }) => kind)).toEqual(['quarantine.sent', 'quarantine.sent', 'quarantine.discarded'])
    expect(told.every((event) => event.cause === cause)).toBe(true)
  })
})

describe('What is in quarantine, in many and large messages', () => {
  const strict = { ...sure, id: 'strict', where: 'payload.n > 3' }
  const cause = { type: 'operator', via: 'browser' } as const

  it('is sent once, however often and by however many it is asked for; one that is not whole only put right', async () => {
    await using rig = await messagingRig()
    await rig.loadEmbedded([strict])
    await rig.startBroker()
    await routerConnected(rig)
    const client = await publisher(rig.url)
    await Promise.all(Array.from({ length: 250 }, (_, n) => client.publishAsync('in/a', `no ${n}`, { qos: 1 })))
    await client.publishAsync('in/large', `{"n": 1, "text": "${'x'.repeat(100_000)}`, { qos: 1 })
    await until('them to be in quarantine', () => rig.messaging.quarantine({ limit: 1_000 }).rows.length === 251)
    const [large] = rig.messaging.quarantine({ limit: 1 }).rows
    if (!large) throw new Error('the large one is the newest')
    expect(large).toMatchObject({ topic: 'in/large', cutFrom: 100_018, bytes: 65_536 })

    await rig.loadEmbedded([{ ...strict, where: null }])
    const got = await subscriber(rig.url, 'out')
    const all = rig.messaging.sendQuarantined({ route: 'strict' }, undefined, cause)
    const again = rig.messaging.sendQuarantined({ route: 'strict' }, undefined, cause)
    await expect(rig.messaging.discardQuarantined({ id: large.id - 1 }, cause)).rejects.toMatchObject({
      problem: { code: 'message-busy' },
    })
    expect(await all).toEqual({ done: 250, left: 1 })
    expect(await again).toEqual({ done: 0, left: 251 })
    await expect(rig.messaging.sendQuarantined({ id: large.id }, undefined, cause)).rejects.toMatchObject({
      problem: { code: 'message-cut' },
    })
    expect(await rig.messaging.sendQuarantined({ id: large.id }, 'right', cause)).toEqual({ done: 1, left: 0 })
    await until('all to arrive', () => got.includes('right'))
    expect(got).toEqual([...Array.from({ length: 250 }, (_, n) => `no ${n}`), 'right'])
    expect(rig.messaging.quarantine({ limit: 10 }).rows).toEqual([])
  })

  it('is listed in pages of a few megabytes, however large the messages are', async () => {
    await using rig = await messagingRig()
    await rig.loadEmbedded([strict])
    await rig.startBroker()
    await routerConnected(rig)
    const client = await publisher(rig.url)
    for (let n = 0; n < 100; n++) await client.publishAsync('in/a', `${n} ${'x'.repeat(70_000)}`, { qos: 1 })
    const seen: string[] = []
    await until('them to be in quarantine', () => rig.state.slice('routes').get('strict')?.quarantined === 100)
    for (let before: number | undefined; ; ) {
      const page = rig.messaging.quarantine({ limit: 1_000, ...(before !== undefined && { before }) })
      expect(JSON.stringify(page.rows).length).toBeLessThan(5 * 1024 * 1024)
      seen.push(...page.rows.map(({ payload }) => payload.slice(0, payload.indexOf(' '))))
      before = page.rows.at(-1)?.id
      if (!page.more) break
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => String(99 - n)))
  })
})

describe('Durable delivery beside mosquitto', () => {
  needs('mosquitto')

  it('has the broker keep what the router had not made safe when it died, and delivers all of it', async () => {
    using folder = temporaryFolder()
    using runtime = mortalRuntime()
    await using rig = await messagingRig({ runtime })
    mosquittoOn(rig.port, folder.path)
    await rig.load([sure])
    await routerConnected(rig)
    const got = await subscriber(rig.url, 'out')
    const client = await publisher(rig.url)
    const sending: Promise<unknown>[] = []
    for (let n = 0; n < 900; n++) {
      if (n === 200 || n === 600) runtime.kill()
      sending.push(client.publishAsync('in/a', String(n), { qos: 1 }))
      // A hundred are under way at most, and so at each death.
      await sending[n - 100]
    }
    await Promise.all(sending)
    await until('all of them to arrive', () => new Set(got).size === 900)
    await until('the outbox to be empty', () => rowsOf(rig) === 0)
  })

  it('delivers what came while the target’s broker was killed, paused and started again', async () => {
    using folder = temporaryFolder()
    await using rig = await messagingRig()
    const first = mosquittoOn(rig.port, folder.path)
    await rig.load([sure])
    await routerConnected(rig)
    const publish = async (n: number) =>
      rig.messaging.publish({ topic: 'in/a', payload: String(n), qos: 1, retain: false })
    const got: string[] = []
    const reader = await connected(rig.url, 'reader')
    collect(reader, 'out', got)
    for (let n = 0; n < 50; n++) await publish(n)
    first.kill('SIGSTOP')
    await until('it to be paused', () => stateOf(first.pid) === 'T')
    const late = publish(50).catch(() => {})
    // Answered by the router's thread once it has published that.
    await rig.messaging.channel('none')
    first.kill('SIGCONT')
    await late
    await until('all of them to arrive', () => new Set(got).size >= 51)
    first.kill('SIGKILL')
    await until('the loss to be noticed', () => rig.state.slice('traffic').get('traffic')?.router === 'connecting')
    mosquittoOn(rig.port, folder.path)
    await routerConnected(rig)
    // The new broker knows nothing of the reader: what is published before it has come back and subscribed goes past it.
    await until('the reader to be back', () => reader.connected)
    await reader.subscribeAsync('out', { qos: 1 })
    for (let n = 51; n < 60; n++) await publish(n)
    await until('the rest', () => new Set(got).size >= 60)
    expect([...new Set(got)]).toEqual(Array.from({ length: 60 }, (_, n) => String(n)))
  })
})

function rowsOf(rig: MessagingRig): number {
  return rig.store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM outbox' })?.n ?? -1
}

/** The state of a process as proc(5) has it. */
function stateOf(pid: number | undefined): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
}

function targetOf(rig: MessagingRig) {
  return rig.state.slice('routes').get('sure')?.targets[0]
}

function row(n: number) {
  return {
    sql: `INSERT INTO outbox (seq, id, at, expires_at, priority, route, target, topic, bytes, retain, attempts, payload)
          VALUES (?, ?, ?, NULL, 2, 'sure', 'mqtt:out', 'in/old', 1, 0, 0, ?)`,
    values: [n + 1, `id-${n}`, Date.now(), String(n)],
  }
}

async function connected(url: string, clientId?: string): Promise<MqttClient> {
  const client = connect(url, { reconnectPeriod: 100, ...(clientId ? { clientId, clean: false } : {}) })
  ends.push(() => client.end(true))
  client.on('error', () => {})
  await new Promise<void>((resolve) => client.once('connect', () => resolve()))
  return client
}

const publisher = (url: string) => connected(url)

/** Everything that arrives on a topic, in its order. */
async function subscriber(url: string, topic: string): Promise<readonly string[]> {
  const got: string[] = []
  const client = await connected(url)
  client.on('message', (_topic, payload) => got.push(payload.toString()))
  await client.subscribeAsync(topic, { qos: 1 })
  return got
}

function collect(client: MqttClient, topic: string, got: string[]): void {
  client.on('message', (_topic, payload) => got.push(payload.toString()))
  client.subscribe(topic, { qos: 1 })
}

function mosquittoOn(port: number, folder: string) {
  writeFileSync(`${folder}/mosquitto.conf`, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`)
  const child = spawn(findProgram('mosquitto') ?? '', ['-c', `${folder}/mosquitto.conf`], { stdio: 'ignore' })
  ends.push(() => child.kill('SIGKILL'))
  return child
}
