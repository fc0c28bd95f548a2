import { connect as tcpConnect } from 'node:net'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { type BrokerDefinition, brokerSettings } from '#core/config/index.ts'
import {
  type MessagingRig,
  messagingRig,
  mosquitto,
  route,
  routerConnected,
} from '../../../../../test/support/messaging-rig.ts'
import { needs } from '../../../../../test/support/needs.ts'
import { reference } from '../../../../../test/support/site-definition.ts'
import { until } from '../../../../../test/support/until.ts'

const nobody = { password: null, hash: null, clients: null, allow: null }
/** "open sesame", as mosquitto_passwd writes it. */
const mosquittoHash =
  '$7$101$aTpw7MaoJaT4wq8M$WH+9GPqW0Jf36FbxzuXxfvw042SAvvNsLEd3ac4W2ZKREpbGRWgH0hIClZ/ULjpojttUUEtH7lH6SdbP9mJazg=='
const secrets = { DESK: 'desk-secret', KIOSK: 'kiosk-secret' }

function rules(given: Partial<BrokerDefinition>): BrokerDefinition {
  return { ...brokerSettings(), ...given }
}

const withUsers = rules({
  anonymous: false,
  users: {
    desk: {
      ...nobody,
      password: reference('secrets.DESK'),
      clients: 'desk-*',
      allow: { publish: ['desk/%c/status', 'all/+'], subscribe: ['desk/%c/#', 'news/+'] },
    },
    kiosk: { ...nobody, password: reference('secrets.KIOSK') },
  },
})

describe('Users of the embedded broker', () => {
  it('come in with their password, under ids that they may take, and nobody else does', async () => {
    await using rig = await messagingRig({ broker: withUsers, secrets })
    await rig.startBroker()
    await expect(login(rig, { clientId: 'desk-1', username: 'desk', password: 'desk-secret' })).resolves.toBe('in')
    await expect(login(rig, { clientId: 'desk-1', username: 'desk', password: 'wrong' })).resolves.toBe(4)
    await expect(login(rig, { clientId: 'desk-1', username: 'nobody', password: 'desk-secret' })).resolves.toBe(4)
    await expect(login(rig, { clientId: 'desk-1', username: '__proto__', password: '' })).resolves.toBe(4)
    await expect(login(rig, { clientId: 'desk-1' })).resolves.toBe(5)
    await expect(login(rig, { clientId: 'kiosk', username: 'desk', password: 'desk-secret' })).resolves.toBe(2)
    // The console's own name is no way in without its password.
    await expect(login(rig, { clientId: 'x', username: '$console', password: '' })).resolves.toBe(4)
    await until('the refusals to be told', () =>
      refusals(rig).some((line) => line.includes('user or password are wrong')),
    )
    expect(JSON.stringify([rig.events, rig.state.slice('traffic').get('traffic')])).not.toMatch(
      /desk-secret|kiosk-secret/,
    )
  })

  it('let the router in by a password of its own', async () => {
    await using rig = await messagingRig({ broker: withUsers, secrets })
    await rig.startBroker()
    await rig.load([route('r', { from: 'desk/#', to: [{ kind: 'channel', channel: 'c' }] })])
    await routerConnected(rig)
    const desk = await connected(rig, { clientId: 'desk-1', username: 'desk', password: 'desk-secret' })
    await desk.publishAsync('desk/desk-1/status', '1', { qos: 1 })
    await until('the message', async () => (await rig.messaging.channel('c')).length === 1)
    await desk.endAsync()
  })

  it('may use their topics only: a message elsewhere is acknowledged and dropped, a wider filter is refused', async () => {
    await using rig = await messagingRig({ broker: withUsers, secrets })
    await rig.startBroker()
    const kiosk = await connected(rig, { clientId: 'kiosk', username: 'kiosk', password: 'kiosk-secret' })
    const got: string[] = []
    kiosk.on('message', (topic) => got.push(topic))
    await kiosk.subscribeAsync('#', { qos: 1 })
    const desk = await connected(rig, { clientId: 'desk-1', username: 'desk', password: 'desk-secret' })
    for (const qos of [0, 1, 2] as const) {
      for (const topic of ['desk/desk-2/status', 'desk/desk-1/status', 'desk/desk-1', 'all/a/b', 'all/a']) {
        await desk.publishAsync(topic, String(qos), { qos })
      }
    }
    await until('the last one', () => got.length >= 6)
    expect(got).toEqual(Array.from({ length: 3 }, () => ['desk/desk-1/status', 'all/a']).flat())
    const granted = async (filter: string) => {
      const [first] = await desk.subscribeAsync(filter, { qos: 1 }).catch(() => [{ qos: 128 }])
      return first?.qos
    }
    for (const filter of ['#', '+/desk-1/#', 'desk/+/x', 'desk/desk-2/#', 'desk/#', 'news/#', 'news']) {
      expect([filter, await granted(filter)]).toEqual([filter, 128])
    }
    for (const filter of ['desk/desk-1', 'desk/desk-1/#', 'desk/desk-1/+/x', 'news/+', 'news/today']) {
      expect([filter, await granted(filter)]).toEqual([filter, 1])
    }
    expect(desk.connected).toBe(true)
    await until('the sentence', () => refusals(rig).some((line) => line.includes('it may not publish there')))
    await Promise.all([kiosk.endAsync(), desk.endAsync()])
  })

  it('get no session without an id to know it by, and no id that is no text', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    const connack = async (isClean: boolean) => {
      const socket = tcpConnect(rig.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(Buffer.from([0x10, 12, 0, 4, ...Buffer.from('MQTT'), 4, isClean ? 2 : 0, 0, 60, 0, 0]))
      const answer = await new Promise<Buffer>((resolve) => socket.once('data', (data) => resolve(Buffer.from(data))))
      socket.destroy()
      return [...answer]
    }
    expect(await connack(false)).toEqual([0x20, 2, 0, 2])
    expect(await connack(true)).toEqual([0x20, 2, 0, 0])
    await expect(login(rig, { clientId: 'a\0b' })).resolves.toBe(2)
    // What bytes that are no UTF-8 become.
    await expect(login(rig, { clientId: 'a\ufffd' })).resolves.toBe(2)
    await until('it to be told', () => refusals(rig).some((line) => line.includes('has no id to know it by')))
  })

  it('read what the broker tells of all clients only where the rules say so', async () => {
    const answers = []
    for (const broker of [undefined, rules({ allow: { publish: [], subscribe: ['$SYS/#'] } })]) {
      await using rig = await messagingRig(broker && { broker })
      await rig.startBroker()
      const client = await connected(rig, { clientId: 'x' })
      const [first] = await client.subscribeAsync('$SYS/#').catch(() => [{ qos: 128 }])
      answers.push(first?.qos)
      await client.endAsync()
    }
    expect(answers).toEqual([128, 0])
  })

  it('cannot widen their topics by an id with wildcards in it', async () => {
    await using rig = await messagingRig({
      broker: rules({ allow: { publish: ['%c/a'], subscribe: ['%c/#'] } }),
    })
    await rig.startBroker()
    for (const clientId of ['+', '#', 'a/b', '$SYS']) {
      const client = await connected(rig, { clientId })
      await expect(client.subscribeAsync('x/#')).rejects.toThrow()
      await expect(client.subscribeAsync(`${clientId}/#`)).rejects.toThrow()
      await client.endAsync(true)
    }
  })

  it('do not get at what waits for the session of another user, nor push it out', async () => {
    await using rig = await messagingRig({ broker: withUsers, secrets })
    await rig.startBroker()
    const mine = { clientId: 'desk-7', username: 'desk', password: 'desk-secret', clean: false }
    const away = await connected(rig, mine)
    await expect(login(rig, { clientId: 'desk-7', username: 'kiosk', password: 'kiosk-secret' })).resolves.toBe(2)
    expect(away.connected).toBe(true)
    await away.endAsync()
    await expect(
      login(rig, { clientId: 'desk-7', username: 'kiosk', password: 'kiosk-secret', clean: false }),
    ).resolves.toBe(2)
    await expect(login(rig, mine)).resolves.toBe('in')
  })

  it('have the will of a client dropped where it may not publish', async () => {
    await using rig = await messagingRig({ broker: withUsers, secrets })
    await rig.startBroker()
    const kiosk = await connected(rig, { clientId: 'kiosk', username: 'kiosk', password: 'kiosk-secret' })
    const got: string[] = []
    kiosk.on('message', (topic) => got.push(topic))
    await kiosk.subscribeAsync('#')
    for (const topic of ['board', 'all/gone']) {
      const will = { topic, payload: Buffer.from('x'), qos: 1 as const, retain: false }
      const desk = await connected(rig, { clientId: 'desk-1', username: 'desk', password: 'desk-secret', will })
      desk.stream.destroy()
    }
    await until('the will that is allowed', () => got.length > 0)
    expect(got).toEqual(['all/gone'])
    await kiosk.endAsync()
  })
})

describe('A last will on a topic that no message may have', () => {
  it.each(['in/+', 'in/#', '', `in${'/w'.repeat(100)}`])(
    '(%s) is dropped: sent on by a route it would cost the router its connection',
    async (topic) => {
      await using rig = await messagingRig()
      await rig.loadEmbedded([
        route('r', { from: 'in/#', to: [{ kind: 'mqtt', topic: 'out/#', qos: 0, retain: true }] }),
        route('all', { from: '#', to: [{ kind: 'channel', channel: 'all' }] }),
      ])
      await rig.startBroker()
      await routerConnected(rig)
      // CONNECT with a will of no bytes (MQTT 3.1.1, section 3.1).
      const body = Buffer.concat([
        Buffer.from([0, 4, ...Buffer.from('MQTT'), 4, 6, 0, 60, 0, 1]),
        Buffer.from('w'),
        Buffer.from([0, topic.length, ...Buffer.from(topic), 0, 0]),
      ])
      const length = body.length < 128 ? [body.length] : [(body.length % 128) | 128, body.length >> 7]
      const packet = Buffer.concat([Buffer.from([0x10, ...length]), body])
      const socket = tcpConnect(rig.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(packet)
      await new Promise((resolve) => socket.once('data', resolve))
      socket.destroy()
      const other = await connected(rig, { clientId: 'x' })
      const got = async () => (await rig.messaging.channel('all')).map((one) => one.topic)
      await until('what came behind it', async () => {
        await other.publishAsync('in/sound', 'x')
        return (await got()).includes('out/in/sound')
      })
      expect((await got()).filter((one) => !one.endsWith('in/sound'))).toEqual([])
      await other.endAsync()
    },
  )
})

describe('Passwords as hashes', () => {
  needs('mosquitto_pub')

  it('are taken as Mosquitto writes them, also by its clients, and a flood of wrong ones is turned away quickly', async () => {
    const broker = rules({ anonymous: false, users: { desk: { ...nobody, hash: mosquittoHash } } })
    await using rig = await messagingRig({ broker })
    await rig.startBroker()
    const to = ['-p', String(rig.port), '-t', 'a', '-m', 'x', '-q', '1', '-u', 'desk', '-P']
    await mosquitto('mosquitto_pub', [...to, 'open sesame'])
    await expect(mosquitto('mosquitto_pub', [...to, 'sesame'])).rejects.toThrow(/ended with/)
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => login(rig, { clientId: `c${n}`, username: 'desk', password: `guess ${n}` })),
    )
    expect(answers.every((answer) => answer === 4 || answer === 3)).toBe(true)
    expect(await login(rig, { clientId: 'good', username: 'desk', password: 'open sesame' })).toBe('in')
  })
})

describe('Limits of the embedded broker', () => {
  it('turn away a client beyond the number, never the console', async () => {
    const { limits } = brokerSettings()
    await using rig = await messagingRig({ broker: rules({ limits: { ...limits, clients: 2 } }) })
    await rig.startBroker()
    const clients = [await connected(rig, {}), await connected(rig, {})]
    expect(await login(rig, { clientId: 'third' })).toBe(3)
    await rig.load([route('r', { from: 'a', to: [{ kind: 'channel', channel: 'c' }] })])
    await routerConnected(rig)
    for (const client of clients) await client.endAsync()
  })

  it('hold off a client that loses its connection again and again, until its time is over; a goodbye counts for nothing', async () => {
    const { limits } = brokerSettings()
    const flapping = { losses: 4, withinMs: 60_000, holdMs: 400 }
    await using rig = await messagingRig({ broker: rules({ limits: { ...limits, flapping } }) })
    await rig.startBroker()
    for (let n = 0; n < 10; n++) await (await connected(rig, { clientId: 'polite' })).endAsync()
    for (let n = 0; n < 4; n++) {
      const client = await connected(rig, { clientId: 'flaky' })
      client.stream.destroy()
      await until('the broker to notice', async () => !(await rig.messaging.brokerClients()).includes('flaky'))
    }
    expect(await login(rig, { clientId: 'flaky' })).toBe(3)
    expect(await login(rig, { clientId: 'polite' })).toBe('in')
    await until('the sentence', () => refusals(rig).some((line) => line.includes('flaky is held off')))
    await until('the end of it', async () => (await login(rig, { clientId: 'flaky' })) === 'in')
  })

  it('take 5,000 connections of one address without harm to a client that is connected', async () => {
    const { limits } = brokerSettings()
    const broker = rules({ limits: { ...limits, connects: { count: 200, perMs: 1_000 } } })
    await using rig = await messagingRig({ broker })
    const running = await rig.startBroker()
    const steady = await connected(rig, { clientId: 'steady' })
    const sockets = []
    for (let n = 0; n < 5_000; n++) {
      const socket = tcpConnect(rig.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(Buffer.from([0x10, 0x20, 0x00])) // a CONNECT that never goes on
      sockets.push(socket)
      if (n % 500 === 0) await steady.publishAsync('a', 'x', { qos: 1 })
    }
    await steady.publishAsync('a', 'x', { qos: 1 })
    await until('the sentence', () => refusals(rig).some((line) => line.includes('closed unread')))
    for (const socket of sockets) socket.destroy()
    expect(running.health().health).toBe('healthy')
    expect(refusals(rig).length).toBeLessThan(25)
    await until('room again', async () => (await login(rig, { clientId: 'next' })) === 'in')
    await steady.endAsync()
  })

  it('read the messages of a client no faster than it may send them', async () => {
    const { limits } = brokerSettings()
    const broker = rules({ limits: { ...limits, messages: { count: 20, perMs: 200 } } })
    await using rig = await messagingRig({ broker })
    await rig.startBroker()
    const client = await connected(rig, {})
    const began = performance.now()
    await Promise.all(Array.from({ length: 60 }, (_, n) => client.publishAsync('a', String(n), { qos: 1 })))
    expect(performance.now() - began).toBeGreaterThan(350)
    await client.endAsync()
  })

  it('close the connection of who sends a topic that is not UTF-8, or one too deep', async () => {
    await using rig = await messagingRig()
    const running = await rig.startBroker()
    for (const topic of [Buffer.from([0x61, 0xff, 0xfe]), Buffer.from('a/'.repeat(150)), Buffer.from('a\0b')]) {
      const client = await connected(rig, {})
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      client.on('error', () => {})
      const packet = Buffer.concat([
        Buffer.from([0x30]),
        lengthOf(topic.length + 3),
        Buffer.from([0, 0]),
        topic,
        Buffer.from('x'),
      ])
      packet.writeUInt16BE(topic.length, packet.length - topic.length - 3)
      client.stream.write(packet)
      await closed
      client.end(true)
    }
    expect(running.health().health).toBe('healthy')
  })
})

function lengthOf(bytes: number): Buffer {
  return bytes < 128 ? Buffer.from([bytes]) : Buffer.from([(bytes % 128) | 0x80, Math.floor(bytes / 128)])
}

function refusals(rig: MessagingRig): readonly string[] {
  return rig.events.filter(({ kind }) => kind === 'broker.refused').map(({ message }) => message)
}

function connected(rig: MessagingRig, options: IClientOptions): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client = connect(rig.url, { reconnectPeriod: 0, ...options })
    client.once('connect', () => resolve(client))
    client.once('error', reject)
    client.once('close', () => reject(new Error('closed unanswered')))
    client.on('error', () => {})
  })
}

/** `in`, or the code by which the broker refused. */
async function login(rig: MessagingRig, options: IClientOptions): Promise<unknown> {
  try {
    const client = await connected(rig, options)
    await client.endAsync()
    return 'in'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
