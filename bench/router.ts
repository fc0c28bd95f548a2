import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { RouteDefinition } from '#core/config/index.ts'
import { messagingRig, route, routerConnected } from '../test/support/messaging-rig.ts'
import { until } from '../test/support/until.ts'
import type { Benchmark } from './benchmark.ts'

const messages = 150_000
const pairs = 5
const topics = 100

/** 120 bytes of JSON, as a desk unit sends them. */
const payload = JSON.stringify({ battery: 80, present: true, desk: 'desk-007' }).padEnd(120, ' ')

const routes: readonly RouteDefinition[] = Array.from({ length: topics }, (_, n) =>
  route(`route-${n}`, {
    from: `bench/${n}/+`,
    where: 'payload.battery > 5',
    map: '{"desk": topic[1], "battery": payload.battery, "present": payload.present}',
    to: [
      { kind: 'channel', channel: 'bench' },
      { kind: 'journal', keepMs: 60_000 },
    ],
  }),
)

const benchmark: Benchmark = {
  what: `QoS 0, ${payload.length}-byte payloads, ${topics} routes with condition, map, channel and journal, against a bare mqtt.js subscriber on the same embedded broker`,
  async run({ note }) {
    const rates: { bare: number; routed: number; lost: number }[] = []
    for (let pair = 1; pair <= pairs; pair++) {
      const bare = await bareRate()
      const { rate, lost } = await routedRate()
      rates.push({ bare, routed: rate, lost })
      note(`pair ${pair}: bare ${Math.round(bare)}/s, routed ${Math.round(rate)}/s, lost ${lost}`)
    }
    return [
      { what: 'bare mqtt.js subscriber', value: median(rates.map(({ bare }) => bare)), unit: 'messages/s' },
      { what: 'router, all deliveries', value: median(rates.map(({ routed }) => routed)), unit: 'messages/s' },
      {
        what: 'router against bare, median of the pairs',
        value: median(rates.map(({ bare, routed }) => routed / bare)),
        unit: '',
        bar: { atLeast: 0.9 },
      },
      { what: 'messages lost', value: Math.max(...rates.map(({ lost }) => lost)), unit: '', bar: { atMost: 0 } },
    ]
  },
}

export default benchmark

/** Messages a second that a subscriber in a thread of its own takes, from the first to the last. */
async function bareRate(): Promise<number> {
  await using rig = await messagingRig()
  await rig.startBroker()
  await rig.load([], null)
  const subscriber = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     const client = require('mqtt').connect(workerData.url, { reconnectPeriod: 0 })
     let got = 0
     client.on('message', () => { if (++got === workerData.messages) parentPort.postMessage('done') })
     client.on('connect', () => client.subscribe('#', () => parentPort.postMessage('ready')))`,
    { eval: true, workerData: { url: rig.url, messages }, execArgv: [] },
  )
  await once(subscriber, 'message')
  const done = once(subscriber, 'message')
  const started = performance.now()
  await flood(rig.port)
  await done
  const ms = performance.now() - started
  await subscriber.terminate()
  return (messages / ms) * 1000
}

/** Messages a second that the router has taken in, mapped and delivered to channel and journal. */
async function routedRate(): Promise<{ readonly rate: number; readonly lost: number }> {
  await using rig = await messagingRig()
  await rig.startBroker()
  await rig.load(routes)
  await routerConnected(rig)
  const started = performance.now()
  await flood(rig.port)
  const total = () => rig.state.slice('traffic').get('traffic')?.received.total ?? 0
  await until('everything to be received', () => total() >= messages, 60_000)
  // The counters come four times a second: half of that is taken off, on average.
  const ms = performance.now() - started - 125
  const settled = () => Object.values(rig.state.slice('routes').all()).flatMap(({ targets }) => targets)
  await until('everything to be delivered', () => settled().every(({ queued }) => queued === 0), 60_000)
  const lost = settled().reduce((sum, { dropped }) => sum + dropped, 0)
  return { rate: (messages / ms) * 1000, lost }
}

/** Sends the messages as fast as the broker takes them. */
async function flood(port: number): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1')
  socket.write(connectPacket('bench-publisher'))
  await once(socket, 'data')
  const chunk = Buffer.concat(Array.from({ length: topics }, (_, n) => publishPacket(`bench/${n}/status`, payload)))
  for (let sent = 0; sent < messages; sent += topics) {
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  socket.end(Buffer.from([0xe0, 0]))
  await once(socket, 'close')
}

function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId)
  return Buffer.from([0x10, 12 + id.length, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 0, 0, id.length, ...id])
}

function publishPacket(topic: string, text: string): Buffer {
  const remaining = 2 + topic.length + text.length
  const length = remaining < 128 ? [remaining] : [(remaining % 128) | 128, Math.floor(remaining / 128)]
  return Buffer.concat([Buffer.from([0x30, ...length, 0, topic.length]), Buffer.from(topic), Buffer.from(text)])
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
