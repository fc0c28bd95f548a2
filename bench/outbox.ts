import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messagingRig, route, routerConnected } from '../test/support/messaging-rig.ts'
import { until } from '../test/support/until.ts'
import { type Benchmark, median, quantile } from './benchmark.ts'

const perSecond = 5_000
const seconds = 10
const rounds = 3

/** Packets of QoS 1 in even steps of five milliseconds, and how long each waited for its acknowledgement. */
const publisher = `
const { parentPort, workerData } = require('node:worker_threads')
const { connect } = require('node:net')
const { port, perSecond, seconds } = workerData
const stepMs = 5
const perStep = perSecond * stepMs / 1000
const all = perSecond * seconds
const payload = JSON.stringify({ battery: 80, present: true, desk: 'desk-007' }).padEnd(120, ' ')
const topic = 'bench/desk/status'
const sentAt = new Float64Array(65536)
const waits = new Float64Array(all)
let sent = 0, acknowledged = 0, half = Buffer.alloc(0), begun = 0
const socket = connect({ port, host: '127.0.0.1', noDelay: true })
const id = Buffer.from('bench-publisher')
socket.write(Buffer.from([0x10, 12 + id.length, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 0, 0, id.length, ...id]))
socket.once('data', () => {
  socket.on('data', take)
  begun = performance.now()
  step()
})
function packet(number) {
  const remaining = 4 + topic.length + payload.length
  return Buffer.concat([
    Buffer.from([0x32, (remaining % 128) | 128, remaining >> 7, 0, topic.length]),
    Buffer.from(topic), Buffer.from([number >> 8, number & 255]), Buffer.from(payload),
  ])
}
function step() {
  const due = Math.min(all, Math.floor((performance.now() - begun) / stepMs + 1) * perStep)
  const packets = []
  for (; sent < due && sent - acknowledged < 60000; sent++) {
    const number = sent % 65535 + 1
    sentAt[number] = performance.now()
    packets.push(packet(number))
  }
  if (packets.length > 0) socket.write(Buffer.concat(packets))
  if (sent < all) setTimeout(step, stepMs)
}
function take(chunk) {
  const bytes = half.length === 0 ? chunk : Buffer.concat([half, chunk])
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    if (bytes[at] !== 0x40) throw new Error('an answer that is no PUBACK')
    waits[acknowledged++] = performance.now() - sentAt[bytes.readUInt16BE(at + 2)]
  }
  half = bytes.subarray(at)
  if (acknowledged === all) {
    parentPort.postMessage({ waits: waits, ms: performance.now() - begun })
    socket.end()
  }
}
`

const benchmark: Benchmark = {
  what: `${perSecond.toLocaleString('en-GB')} QoS 1 messages of 120 bytes a second to the embedded broker for ${seconds} s: on disk before each acknowledgement, and delivered by a durable route of QoS 1`,
  async run({ note }) {
    const runs: Run[] = []
    for (let round = 1; round <= rounds; round++) {
      const run = await measured()
      runs.push(run)
      note(
        `round ${round}: acknowledged ${Math.round(run.rate)}/s, p50 ${run.p50.toFixed(1)} ms, p99 ${run.p99.toFixed(1)} ms, all delivered after ${run.deliveredMs.toFixed(0)} ms more`,
      )
    }
    const middle = (of: (run: Run) => number) => median(runs.map(of))
    return [
      {
        what: 'acknowledged',
        value: middle(({ rate }) => rate),
        unit: 'messages/s',
        bar: { atLeast: perSecond * 0.98 },
      },
      { what: 'acknowledgement, p50', value: middle(({ p50 }) => p50), unit: 'ms' },
      { what: 'acknowledgement, p99', value: middle(({ p99 }) => p99), unit: 'ms', bar: { atMost: 50 } },
      {
        what: 'from the last acknowledgement until all is delivered',
        value: middle((run) => run.deliveredMs),
        unit: 'ms',
      },
      { what: 'messages lost', value: Math.max(...runs.map(({ lost }) => lost)), unit: '', bar: { atMost: 0 } },
    ]
  },
}
export default benchmark

interface Run {
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly deliveredMs: number
  readonly lost: number
}

async function measured(): Promise<Run> {
  await using rig = await messagingRig()
  await rig.loadEmbedded([
    route('bench', {
      from: 'bench/#',
      where: 'payload.battery > 5',
      to: [{ kind: 'mqtt', topic: 'out/board', qos: 1, retain: false }],
    }),
  ])
  await rig.startBroker()
  await routerConnected(rig)
  const worker = new Worker(publisher, {
    eval: true,
    workerData: { port: rig.port, perSecond, seconds },
    execArgv: [],
  })
  const [answer]: { waits: Float64Array; ms: number }[] = await once(worker, 'message')
  if (!answer) throw new Error('The publisher ended without an answer.')
  const { waits, ms } = answer
  const all = perSecond * seconds
  const target = () => rig.state.slice('routes').get('bench')?.targets[0]
  const acknowledgedAt = performance.now()
  await until('everything to be delivered', () => (target()?.delivered ?? 0) >= all, 60_000)
  await worker.terminate()
  const sorted = [...waits]
  return {
    rate: (all / ms) * 1_000,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    deliveredMs: performance.now() - acknowledgedAt,
    lost: (target()?.dropped ?? 0) + (target()?.expired ?? 0),
  }
}
