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
    const rates: { bare: Run; routed: Run; lost: number }[] = []
    for (let pair = 1; pair <= pairs; pair++) {
      const bare = await bareRun()
      const { lost, ...routed } = await routedRun()
      rates.push({ bare, routed, lost })
      note(`pair ${pair}: bare ${sentence(bare)}; routed ${sentence(routed)}, lost ${lost}`)
    }
    return [
      { what: 'bare mqtt.js subscriber', value: median(rates.map(({ bare }) => bare.rate)), unit: 'messages/s' },
      { what: 'router, all deliveries', value: median(rates.map(({ routed }) => routed.rate)), unit: 'messages/s' },
      {
        what: 'router against bare, median of the pairs',
        value: median(rates.map(({ bare, routed }) => routed.rate / bare.rate)),
        unit: '',
        bar: { atLeast: 0.9 },
      },
      {
        what: 'CPU a message, bare (broker, subscriber, publisher)',
        value: median(rates.map(({ bare }) => bare.cpu)),
        unit: 'µs',
      },
      {
        what: 'CPU a message, routed and journalled',
        value: median(rates.map(({ routed }) => routed.cpu)),
        unit: 'µs',
      },
      { what: 'messages lost', value: Math.max(...rates.map(({ lost }) => lost)), unit: '', bar: { atMost: 0 } },
    ]
  },
}

export default benchmark

/** One run: messages a second, and microseconds of CPU of the whole process for each. */
interface Run {
  readonly rate: number
  readonly cpu: number
}

/** A subscriber in a thread of its own, from the first message to the last. */
async function bareRun(): Promise<Run> {
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
  const cpu = process.cpuUsage()
  const started = performance.now()
  await flood(rig.port)
  await done
  const ms = performance.now() - started
  const used = cpuSince(cpu)
  await subscriber.terminate()
  return { rate: (messages / ms) * 1000, cpu: used }
}

/** The router taking everything in, mapping it, and delivering it to channel and journal. */
async function routedRun(): Promise<Run & { readonly lost: number }> {
  await using rig = await messagingRig()
  await rig.startBroker()
  await rig.load(routes)
  await routerConnected(rig)
  const cpu = process.cpuUsage()
  const started = performance.now()
  await flood(rig.port)
  const total = () => rig.state.slice('traffic').get('traffic')?.received.total ?? 0
  await until('everything to be received', () => total() >= messages, 60_000)
  // The counters come four times a second: half of that is taken off, on average.
  const ms = performance.now() - started - 125
  const settled = () => Object.values(rig.state.slice('routes').all()).flatMap(({ targets }) => targets)
  await until('everything to be delivered', () => settled().every(({ queued }) => queued === 0), 60_000)
  const lost = settled().reduce((sum, { dropped }) => sum + dropped, 0)
  return { rate: (messages / ms) * 1000, cpu: cpuSince(cpu), lost }
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / messages
}

function sentence({ rate, cpu }: Run): string {
  return `${Math.round(rate)}/s at ${cpu.toFixed(1)} µs of CPU each`
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
