import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import {
  brokerLink as link,
  type MessagingRig,
  messagingRig,
  route,
  routerConnected,
} from '../../../../../test/support/messaging-rig.ts'
import { findProgram, needs } from '../../../../../test/support/needs.ts'
import { freePorts } from '../../../../../test/support/ports.ts'
import { reference } from '../../../../../test/support/site-definition.ts'
import { until } from '../../../../../test/support/until.ts'

const channelRoute = route('r', { from: 'in/#', to: [{ kind: 'channel', channel: 'c' }] })

describe('A broker that somebody else runs', () => {
  needs('mosquitto', 'mosquitto_passwd', 'openssl')

  it('is reached over TLS with a certificate of the router’s own, with a user and a password, and over websockets', async () => {
    using plant = await plantBroker()
    const tls = { ca: plant.file('ca.pem'), cert: plant.file('router.pem'), key: plant.file('router.key') }
    const login = { username: 'router', password: reference('secrets.PLANT') }
    for (const outside of [
      link(`mqtts://127.0.0.1:${plant.mutual}`, { ...tls, ...login }),
      link(`mqtts://127.0.0.1:${plant.tls}`, { ca: tls.ca, ...login }),
      link(`wss://127.0.0.1:${plant.wss}`, { ca: tls.ca, ...login }),
      link(`ws://127.0.0.1:${plant.ws}`, login),
    ]) {
      await using rig = await messagingRig({ outside, secrets: { PLANT: 'plant-secret' } })
      await rig.load([channelRoute])
      await routerConnected(rig)
      await rig.messaging.publish({ topic: 'in/a', payload: outside.url, qos: 1, retain: false })
      await until('the message', async () => (await rig.messaging.channel('c'))[0]?.payload === outside.url)
      expect(JSON.stringify([rig.events, rig.state.slice('traffic').get('traffic')])).not.toContain('plant-secret')
    }
  })

  it('that cannot be trusted or does not trust is named as what it is', async () => {
    using plant = await plantBroker()
    const login = { username: 'router', password: reference('secrets.PLANT') }
    const ca = plant.file('ca.pem')
    const cases = [
      [link(`mqtts://127.0.0.1:${plant.tls}`, login), /Nobody that is trusted vouches/],
      [link(`mqtts://127.0.0.1:${plant.expired}`, { ca, ...login }), /has expired/],
      [link(`mqtts://127.0.0.1:${plant.tls}`, { ca, ...login, serverName: 'other.example' }), /is for another name/],
      [
        link(`mqtts://127.0.0.1:${plant.mutual}`, { ca, ...login }),
        /refuses the router’s certificate|closed the connection|failed/,
      ],
      [link(`mqtts://127.0.0.1:${plant.plain}`, { ca, ...login }), /does not speak TLS|closed the connection|failed/],
      [
        link(`mqtt://127.0.0.1:${plant.plain}`, { username: 'router', password: reference('secrets.WRONG') }),
        /does not let the router in|refuses the user/,
      ],
      [link(`mqtts://127.0.0.1:${plant.tls}`, { ca: `${ca}.missing` }), /ca.pem.missing, and it is not there/],
    ] as const
    for (const [outside, sentence] of cases) {
      await using rig = await messagingRig({ outside, secrets: { PLANT: 'plant-secret', WRONG: 'x' } })
      await rig.load([channelRoute])
      const seen = new Set<string>()
      const isNamed = async () => {
        const reason = await failureOf(rig)
        seen.add(reason)
        return sentence.test(reason)
      }
      await until(`${sentence}`, isNamed).catch(() => expect([...seen]).toContainEqual(expect.stringMatching(sentence)))
      expect([...seen].join()).not.toContain('plant-secret')
    }
  })

  it('shares its messages among the consoles of a group: each message goes to one of them', async () => {
    using plant = await plantBroker()
    const outside = link(`mqtt://127.0.0.1:${plant.plain}`, {
      username: 'router',
      password: reference('secrets.PLANT'),
      share: 'consoles',
    })
    const secrets = { PLANT: 'plant-secret' }
    await using one = await messagingRig({ outside, secrets })
    await using two = await messagingRig({ outside, secrets })
    for (const rig of [one, two]) {
      await rig.load([channelRoute])
      await routerConnected(rig)
    }
    const client = await connected(`mqtt://127.0.0.1:${plant.plain}`, { username: 'router', password: 'plant-secret' })
    for (let n = 0; n < 60; n++) await client.publishAsync('in/a', String(n), { qos: 1 })
    await client.endAsync()
    const counts = () => Promise.all([one, two].map(async (rig) => (await rig.messaging.channel('c')).length))
    await until('every message', async () => (await counts()).reduce((a, b) => a + b) >= 60)
    const [first = 0, second = 0] = await counts()
    expect(first + second).toBe(60)
    expect(Math.min(first, second)).toBeGreaterThan(0)
  })
})

describe('A broker that behaves badly', () => {
  const connack = Buffer.from([0x20, 0x02, 0x00, 0x00])
  /** Grants the first subscription with two filters or one, after CONNACK. */
  const granting = (then: (socket: Socket) => void) => (socket: Socket) => {
    socket.once('data', () => {
      socket.write(connack)
      socket.once('data', (subscribe: Buffer) => {
        socket.write(Buffer.from([0x90, 0x03, subscribe[2] ?? 0, subscribe[3] ?? 1, 0x01]))
        then(socket)
      })
    })
  }

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['sends rubbish', (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /failed|closed/],
    ['closes at once', (socket) => void socket.destroy(), /closed|failed/],
    [
      'sends a packet of 200 MB',
      granting((socket) => {
        socket.write(Buffer.from([0x30, 0x80, 0x84, 0xaf, 0x5f, 0x00, 0x01, 0x61]))
        const chunk = Buffer.alloc(1024 * 1024)
        const more = () => {
          if (!socket.destroyed && socket.write(chunk)) setImmediate(more)
        }
        socket.on('drain', more)
        more()
      }),
      /more than 16 MiB/,
    ],
  ])(
    'and %s leaves the router running, with the reason, and it connects when the broker is well again',
    async (_, behave, reason) => {
      const [port = 0] = await freePorts(1)
      const bad = await listening(port, behave)
      const outside = link(`mqtt://127.0.0.1:${port}`)
      await using rig = await messagingRig({ outside, port })
      await rig.load([channelRoute])
      await until('the reason', async () => reason.test(await failureOf(rig)))
      bad.close()
      await rig.startBroker()
      await routerConnected(rig)
      await rig.messaging.publish({ topic: 'in/a', payload: '1', qos: 1, retain: false })
      await until('the message', async () => (await rig.messaging.channel('c')).length === 1)
    },
  )

  it('and accepts without ever answering is given up after ten seconds and tried again', async () => {
    const [port = 0] = await freePorts(1)
    let tries = 0
    const bad = await listening(port, () => void tries++)
    await using rig = await messagingRig({ outside: link(`mqtt://127.0.0.1:${port}`) })
    await rig.load([channelRoute])
    await until('a second try', () => tries > 1)
    bad.close()
  })
})

async function failureOf(rig: MessagingRig): Promise<string> {
  try {
    await rig.messaging.publish({ topic: 'x', payload: '', qos: 1, retain: false })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function listening(port: number, behave: (socket: Socket) => void): Promise<{ close(): void }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => {})
    behave(socket)
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function connected(url: string, options: IClientOptions): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client = connect(url, { reconnectPeriod: 0, ...options })
    client.once('connect', () => resolve(client))
    client.once('error', reject)
  })
}

/** Debian's Mosquitto with users, on plain, TLS, mutual TLS, expired TLS and websocket listeners. */
async function plantBroker() {
  const folder = temporaryFolder()
  const file = (name: string) => `${folder.path}/${name}`
  mkdirSync(folder.path, { recursive: true })
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder.path, stdio: 'ignore' })
  const [plain, tls, mutual, expired, ws, wss] = await freePorts(6)
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=Plant',
  )
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1\n')
  const issue = (name: string, days: string) => {
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    )
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${name}.pem`,
      '-days',
      days,
      '-extfile',
      'names',
    )
  }
  issue('server', '2')
  issue('router', '2')
  issue('expired', '-1')
  execFileSync(findProgram('mosquitto_passwd') ?? '', ['-b', '-c', file('users'), 'router', 'plant-secret'])
  const secure = (name: string) => [
    `cafile ${file('ca.pem')}`,
    `certfile ${file(`${name}.pem`)}`,
    `keyfile ${file(`${name}.key`)}`,
  ]
  const lines = [
    `password_file ${file('users')}`,
    'allow_anonymous false',
    'user root',
    `listener ${plain} 127.0.0.1`,
    `listener ${tls} 127.0.0.1`,
    ...secure('server'),
    `listener ${mutual} 127.0.0.1`,
    ...secure('server'),
    'require_certificate true',
    `listener ${expired} 127.0.0.1`,
    ...secure('expired'),
    `listener ${ws} 127.0.0.1`,
    'protocol websockets',
    `listener ${wss} 127.0.0.1`,
    'protocol websockets',
    ...secure('server'),
  ]
  writeFileSync(file('mosquitto.conf'), `${lines.join('\n')}\n`)
  const child: ChildProcess = spawn(findProgram('mosquitto') ?? '', ['-c', file('mosquitto.conf')], { stdio: 'ignore' })
  return {
    plain,
    tls,
    mutual,
    expired,
    ws,
    wss,
    file,
    [Symbol.dispose]() {
      child.kill('SIGKILL')
      folder[Symbol.dispose]()
    },
  }
}
