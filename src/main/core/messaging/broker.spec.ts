import { createServer, type Socket, connect as tcpConnect } from 'node:net'
import { connect, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { loggerOn } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type MessagingRig, messagingRig } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'

describe('The embedded broker', () => {
  it('is running, counts its clients, and says so in its health and in the traffic', async () => {
    await using rig = await messagingRig()
    const broker = await rig.startBroker()
    expect(broker.health()).toEqual({ health: 'healthy', sentence: `Listening on 127.0.0.1:${rig.port}, 0 clients.` })
    const client = await connected(rig)
    await until('the client to be counted', () => traffic(rig)?.broker.clients === 1)
    client.end(true)
    await until('the client to be gone', () => traffic(rig)?.broker.clients === 0)
    expect(traffic(rig)?.broker).toMatchObject({ state: 'running', address: `127.0.0.1:${rig.port}` })
  })

  it('frees its port when it is stopped and does not wait for its clients, and can start again', async () => {
    await using rig = await messagingRig()
    for (let run = 0; run < 3; run++) {
      const broker = await rig.startBroker()
      const client = await connected(rig)
      client.on('error', () => {})
      await broker.stop()
      await expectFree(rig.port)
      client.end(true)
    }
    expect(rig.events.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 3 }, () => ['broker.started', 'broker.stopped']).flat(),
    )
  })

  it('says who cannot listen where when the port is taken, and starts once it is free', async () => {
    await using rig = await messagingRig()
    const other = createServer().listen(rig.port, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const error = await rig.startBroker().catch((thrown: unknown) => thrown)
    if (!(error instanceof ConsoleError)) throw new Error('The start was not refused.')
    expect(error.problem).toMatchObject({
      code: 'port-in-use',
      params: { port: rig.port, address: '127.0.0.1' },
      retryable: true,
    })
    expect(traffic(rig)?.broker.state).toBe('failed')
    await new Promise((resolve) => other.close(resolve))
    expect((await rig.startBroker()).health().health).toBe('healthy')
  })

  it('names an address that the machine does not have', async () => {
    await using rig = await messagingRig()
    const place = { service: 'b', ports: { mqtt: rig.port }, bind: '203.0.113.9', data: '', env: {} }
    const start = rig.messaging.broker.start(place)
    await expect(start).rejects.toMatchObject({ problem: { code: 'address-not-available' } })
  })

  it('refuses shared subscriptions and malformed filters, and says why in the log', async () => {
    const lines: string[] = []
    await using rig = await messagingRig({ logger: loggerOn((_level, _part, message) => lines.push(message)) })
    await rig.startBroker()
    const client = await connected(rig)
    for (const filter of ['$share/group/a', 'ab+']) {
      const granted = await new Promise<number[]>((resolve) => {
        client.on('packetreceive', (packet) => {
          if (packet.cmd === 'suback') resolve(packet.granted.map(Number))
        })
        client.subscribe({ [filter]: { qos: 0 } }, () => {})
        // mqtt.js itself refuses what it thinks malformed.
        if (filter === 'ab+') resolve([128])
      })
      expect(granted).toEqual([128])
    }
    client.end(true)
    await until('the sentence', () => lines.some((line) => line.includes('shared subscriptions need MQTT 5')))
  })

  it('takes a payload of 1 MB and ends the connection of a client that sends a packet beyond the limit', async () => {
    const lines: string[] = []
    await using rig = await messagingRig({ logger: loggerOn((_level, _part, message) => lines.push(message)) })
    await rig.startBroker()
    const client = await connected(rig)
    const got = new Promise<number>((resolve) => client.once('message', (_topic, payload) => resolve(payload.length)))
    await client.subscribeAsync('big')
    await client.publishAsync('big', Buffer.alloc(1024 * 1024), { qos: 1 })
    expect(await got).toBe(1024 * 1024)
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    client.on('error', () => {})
    client.publish('big', Buffer.alloc(5 * 1024 * 1024))
    await closed
    client.end(true)
    await until('the sentence', () => lines.some((line) => line.includes('more than the 2097152 that are taken')))
    // It still serves everybody else.
    await publish(rig, 'a', 'x')
  })

  it('survives rubbish, half packets and clients that vanish', async () => {
    await using rig = await messagingRig()
    const broker = await rig.startBroker()
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x10\xff\xff\xff\xff',
      '\x10',
      '\x30\x05\x00\xffabc',
      '\x00'.repeat(100),
    ]) {
      const socket = await rawConnection(rig.port)
      socket.write(Buffer.from(bytes, 'latin1'))
      await new Promise((resolve) => setImmediate(resolve))
      socket.destroy()
    }
    await publish(rig, 'a', 'x')
    expect(broker.health().health).toBe('healthy')
  })

  it('serves everybody else while a client subscribes to thousands of filters: it gets a thousand, one after the other', async () => {
    const lines: string[] = []
    await using rig = await messagingRig({ logger: loggerOn((_level, _part, message) => lines.push(message)) })
    await rig.startBroker()
    const greedy = await connected(rig)
    const granted: number[] = []
    greedy.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') granted.push(...packet.granted.map(Number))
    })
    const filters = Array.from({ length: 1_500 }, (_, n) => [`s/${n}/+/#`, { qos: 0 as const }] as const)
    greedy.subscribe(Object.fromEntries(filters), () => {})
    const other = await connected(rig)
    await other.subscribeAsync('a')
    const got = new Promise<void>((resolve) => other.once('message', () => resolve()))
    await publish(rig, 'a', 'x')
    await got
    // The other one was served before the greedy one had all that it asked for.
    expect(granted).toEqual([])
    await until('the answer', () => granted.length === 1_500)
    expect(granted.filter((one) => one === 0).length).toBe(1_000)
    expect(granted.filter((one) => one === 128).length).toBe(500)
    await until('the sentence', () => lines.some((line) => line.includes('it has 1000 of them already')))
    await greedy.unsubscribeAsync('s/0/+/#')
    await greedy.subscribeAsync('another')
    expect(granted.at(-1)).toBe(0)
    greedy.end(true)
    other.end(true)
  })

  it('keeps at most 1,000 messages for a client that is away, and says so', async () => {
    const lines: string[] = []
    await using rig = await messagingRig({ logger: loggerOn((_level, _part, message) => lines.push(message)) })
    await rig.startBroker()
    const options = { reconnectPeriod: 0, clean: false, clientId: 'desk' } as const
    const away = connect(rig.url, options)
    await away.subscribeAsync('a', { qos: 1 })
    await away.endAsync()
    const publisher = await connected(rig)
    for (let n = 0; n < 1_200; n++) publisher.publish('a', String(n), { qos: 1 })
    await publisher.publishAsync('end', '', { qos: 1 })
    await publisher.endAsync()
    await until('the sentence', () => lines.some((line) => line.includes('client desk are not kept')))
    const got: number[] = []
    const back = connect(rig.url, options)
    back.on('message', (_topic, payload) => got.push(Number(payload.toString())))
    await until('what was kept', () => got.length === 1_000)
    expect(got).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    await until('every acknowledgement', () => Object.keys(back.outgoing).length === 0)
    await publish(rig, 'a', '2000')
    await until('the next message', () => got.at(-1) === 2_000)
    await back.endAsync()
  })

  it('keeps the connection of a client that is slow, and gives it what came meanwhile', async () => {
    const lines: string[] = []
    await using rig = await messagingRig({ logger: loggerOn((_level, _part, message) => lines.push(message)) })
    await rig.startBroker()
    const slow = connect(rig.url, { clientId: 'desk', clean: false, reconnectPeriod: 0 })
    const got: number[] = []
    let closed = false
    slow.on('close', () => {
      closed = true
    })
    slow.on('message', (_topic, payload) => got.push(Number(payload.toString())))
    await new Promise<void>((resolve) => slow.once('connect', () => resolve()))
    await slow.subscribeAsync('a', { qos: 1 })
    // It acknowledges nothing until all is published.
    const held: (() => void)[] = []
    slow.handleMessage = (_packet, done) => void held.push(() => done())
    const publisher = await connected(rig)
    for (let n = 0; n < 1_500; n++) publisher.publish('a', String(n), { qos: 1 })
    await publisher.publishAsync('end', '', { qos: 1 })
    await publisher.endAsync()
    await until('the bound to be told', () => lines.some((line) => line.includes('client desk are not kept')))
    slow.handleMessage = (_packet, done) => done()
    for (const goOn of held) goOn()
    await until('every message', () => got.length === 1_500)
    await publish(rig, 'a', '2000')
    await until('the next message', () => got.at(-1) === 2_000)
    expect(closed).toBe(false)
    await slow.endAsync()
  })
})

function traffic(rig: MessagingRig) {
  return rig.state.slice('traffic').get('traffic')
}

function connected(rig: MessagingRig): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client = connect(rig.url, { reconnectPeriod: 0 })
    client.once('connect', () => resolve(client))
    client.once('error', reject)
  })
}

/** Publishes with QoS 1 as a client that comes for this alone. */
async function publish(rig: MessagingRig, topic: string, payload: string): Promise<void> {
  const client = await connected(rig)
  await client.publishAsync(topic, payload, { qos: 1 })
  await client.endAsync()
}

function rawConnection(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', reject)
  })
}

function expectFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}
