import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import type { RouteDefinition } from '#core/config/index.ts'
import type { Schema, Store } from '#core/store/index.ts'
import { messagingRig, route, routerConnected } from '../test/support/messaging-rig.ts'
import { until } from '../test/support/until.ts'
import { type BenchContext, type Benchmark, type Measurement, median, quantile } from './benchmark.ts'
import { countingSubscriber } from './counting-subscriber.ts'
import { mqttGenerator, type Traffic } from './mqtt-generator.ts'
import { installedNodeRed, startNodeRed } from './node-red-peer.ts'

const pairs = 5
const peerRounds = 3
const operatorEveryMs = 20

/** 120 bytes of JSON, as a desk unit sends them, to as many topics as there are routes. */
const traffic: Traffic = {
  prefix: 'bench',
  topics: 1_000,
  messages: 300_000,
  payload: JSON.stringify({ battery: 80, present: true, desk: 'desk-007' }).padEnd(120, ' '),
}
const map = '{"desk": topic[1], "battery": payload.battery, "present": payload.present}'

const routes: readonly RouteDefinition[] = Array.from({ length: traffic.topics }, (_, n) =>
  route(`route-${n}`, {
    from: `bench/${n}/+`,
    where: 'payload.battery > 5',
    map,
    to: [
      { kind: 'channel', channel: 'bench' },
      { kind: 'journal', keepMs: 60_000 },
    ],
  }),
)

/** Where the operator's actions are written beside the flood. */
const actions: Schema = {
  owner: 'bench',
  migrations: [
    { version: 1, what: 'one table', sql: 'CREATE TABLE action (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT' },
  ],
}

const benchmark: Benchmark = {
  what: `QoS 0, ${traffic.payload.length}-byte payloads, ${routes.length} routes with condition, map, channel and journal, against a bare mqtt.js subscriber on the same embedded broker, which holds the publisher back so that neither loses any; sent by a process of the lowest priority; beside it an operator’s durable write every ${operatorEveryMs} ms`,
  peers: { 'node-red': 'one flow from MQTT to MQTT with a function, and the same as one route, on the same broker' },
  async run(context) {
    const rates: { bare: Run; routed: RoutedRun }[] = []
    for (let pair = 1; pair <= pairs; pair++) {
      // In turn, so that a machine that gets slower or faster meanwhile favours none.
      const first = pair % 2 === 1 ? await bareRun() : null
      const routed = await routedRun()
      const bare = first ?? (await bareRun())
      rates.push({ bare, routed })
      context.note(
        `pair ${pair}: bare ${sentence(bare)}; routed ${sentence(routed)}, lost ${routed.lost}, an operator’s write ${quantile(routed.operator, 0.99).toFixed(0)} ms at p99`,
      )
    }
    const middle = (pick: (pair: { bare: Run; routed: RoutedRun }) => number) => median(rates.map(pick))
    return [
      { what: 'bare mqtt.js subscriber', value: middle(({ bare }) => bare.rate), unit: 'messages/s' },
      { what: 'router, everything received', value: middle(({ routed }) => routed.rate), unit: 'messages/s' },
      {
        what: 'router against bare, median of the pairs',
        value: middle(({ bare, routed }) => routed.rate / bare.rate),
        unit: '',
        bar: { atLeast: 0.9 },
      },
      { what: 'CPU a message, bare (broker and subscriber)', value: middle(({ bare }) => bare.cpu), unit: 'µs' },
      { what: 'CPU a message, routed and journalled', value: middle(({ routed }) => routed.cpu), unit: 'µs' },
      {
        what: 'messages lost',
        value: Math.max(...rates.map(({ routed }) => routed.lost)),
        unit: '',
        bar: { atMost: 0 },
      },
      {
        what: 'operator’s durable write beside the flood, p99, median of the runs',
        value: middle(({ routed }) => quantile(routed.operator, 0.99)),
        unit: 'ms',
        bar: { atMost: 100 },
      },
      {
        what: 'event-loop delay of the control plane’s thread, p99, times that beside the bare subscriber',
        value: middle(({ bare, routed }) => routed.loopDelay / bare.loopDelay),
        unit: 'x',
        bar: { atMost: 2 },
      },
      ...(context.peer === 'node-red' ? await besideNodeRed(context) : []),
    ]
  },
}

export default benchmark

/** One run: messages a second, microseconds of CPU of this process for each, and its own thread's p99 of delay, in ms. */
interface Run {
  readonly rate: number
  readonly cpu: number
  readonly loopDelay: number
}

interface RoutedRun extends Run {
  readonly lost: number
  /** How long each of the operator's writes took, milliseconds. */
  readonly operator: readonly number[]
}

/** A subscriber in a thread of its own, from the first message to the last. */
async function bareRun(): Promise<Run> {
  await using rig = await messagingRig()
  await rig.startBroker()
  await rig.load([], null)
  await using subscriber = await countingSubscriber(rig.url, '#')
  await using generator = await mqttGenerator(rig.port, traffic)
  return await measured(async () => {
    const began = performance.now()
    await Promise.all([generator.send(), subscriber.got(traffic.messages)])
    return performance.now() - began
  })
}

/** The router taking everything in, mapping it, and delivering it to channel and journal. */
async function routedRun(): Promise<RoutedRun> {
  await using rig = await messagingRig({ control: [actions] })
  await rig.startBroker()
  await rig.loadEmbedded(routes)
  await routerConnected(rig)
  await using generator = await mqttGenerator(rig.port, traffic)
  const total = () => rig.state.slice('traffic').get('traffic')?.received.total ?? 0
  const taken = () => Object.values(rig.state.slice('routes').all()).reduce((sum, { received }) => sum + received, 0)
  const targets = () => Object.values(rig.state.slice('routes').all()).flatMap((one) => one.targets)
  const operating = new AbortController()
  const operator = operatorWrites(rig.store, operating.signal)
  const run = await measured(async () => {
    const began = performance.now()
    await Promise.all([
      generator.send(),
      until('everything to be received', () => total() >= traffic.messages, 120_000),
    ])
    // The counters come four times a second: half of that is taken off, on average.
    return performance.now() - began - 125
  })
  operating.abort()
  await until(
    'everything to be delivered, as told',
    () => taken() >= traffic.messages && targets().every(({ queued }) => queued === 0),
    60_000,
  )
  const lost = targets().reduce((sum, { dropped }) => sum + dropped, 0)
  return { ...run, lost, operator: await operator }
}

async function measured(run: () => Promise<number>): Promise<Run> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = process.cpuUsage()
  const ms = await run()
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  const { messages } = traffic
  return { rate: (messages / ms) * 1000, cpu: (user + system) / messages, loopDelay: delay.percentile(99) / 1e6 }
}

async function operatorWrites(store: Store, signal: AbortSignal): Promise<readonly number[]> {
  const took: number[] = []
  while (!signal.aborted) {
    const began = performance.now()
    await store.control.write([{ sql: 'INSERT INTO action (at) VALUES (?)', values: [Date.now()] }], 'job')
    took.push(performance.now() - began)
    await setTimeout(operatorEveryMs)
  }
  return took
}

/** The same work on the same broker: ours as one route, theirs as one flow, each with a bare subscriber behind it. */
async function besideNodeRed(context: BenchContext): Promise<readonly Measurement[]> {
  const program = await installedNodeRed(context)
  if (program === null) return []
  const rounds: { ours: number; theirs: number }[] = []
  for (let round = 1; round <= peerRounds; round++) {
    const ours = await bridged(async (rig) => {
      await rig.loadEmbedded([bridge])
      return null
    })
    const theirs = await bridged(async (rig) => {
      await rig.load([], null)
      return startNodeRed(program, context.folder, { port: rig.port, from: 'bench/+/status', to: 'out' })
    })
    rounds.push({ ours, theirs })
    context.note(`MQTT to MQTT, round ${round}: ours ${Math.round(ours)}/s, node-red ${Math.round(theirs)}/s`)
  }
  return [
    { what: 'MQTT to MQTT, ours', value: median(rounds.map(({ ours }) => ours)), unit: 'messages/s' },
    { what: 'MQTT to MQTT, node-red', value: median(rounds.map(({ theirs }) => theirs)), unit: 'messages/s' },
    {
      what: 'ours against node-red, median of the rounds',
      value: median(rounds.map(({ ours, theirs }) => ours / theirs)),
      unit: 'x',
      bar: { atLeast: 2 },
    },
  ]
}

const bridge = route('bridge', {
  from: 'bench/+/status',
  where: 'payload.battery > 5',
  map,
  to: [{ kind: 'mqtt', topic: 'out', qos: 0, retain: false }],
})

/** Messages a second that come out behind it when everything is sent as fast as the broker takes it; fails when one is missing. */
async function bridged(
  start: (rig: Awaited<ReturnType<typeof messagingRig>>) => Promise<AsyncDisposable | null>,
): Promise<number> {
  await using rig = await messagingRig()
  await rig.startBroker()
  const running = await start(rig)
  try {
    await awaken(rig.url)
    await using subscriber = await countingSubscriber(rig.url, 'out')
    await using generator = await mqttGenerator(rig.port, traffic)
    const began = performance.now()
    await Promise.all([generator.send(), subscriber.got(traffic.messages)])
    return (traffic.messages / (performance.now() - began)) * 1000
  } finally {
    await running?.[Symbol.asyncDispose]()
  }
}

/** Sends one message after another until one comes out, and waits until all that were sent have. */
async function awaken(url: string): Promise<void> {
  const client = await connectAsync(url, { reconnectPeriod: 0 })
  let [sent, came] = [0, 0]
  client.on('message', () => void came++)
  await client.subscribeAsync('out')
  for (const deadline = performance.now() + 30_000; came === 0; sent++) {
    if (performance.now() > deadline) throw new Error('Nothing came through from bench/0/status to out within 30 s.')
    await client.publishAsync('bench/0/status', traffic.payload)
    await setTimeout(100)
  }
  // What was sent before the other end listened is lost, what came late is counted here and not in the measurement.
  await setTimeout(1_000)
  if (came > sent) throw new Error(`${came} messages came out of ${sent} that were sent: something doubles them.`)
  await client.endAsync()
}

function sentence({ rate, cpu, loopDelay }: Run): string {
  return `${Math.round(rate)}/s at ${cpu.toFixed(1)} µs of CPU each, event loop late by ${loopDelay.toFixed(1)} ms`
}
