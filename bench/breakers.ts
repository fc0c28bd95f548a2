import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { type DependencyRig, dependencyOf, dependencyRig } from '../test/support/dependency-rig.ts'
import { serviceOf } from '../test/support/site-definition.ts'
import { behaviours, upstream } from '../test/support/upstream.ts'
import { type Benchmark, median, quantile } from './benchmark.ts'

const answers = 1_000
/** The median of the rounds counts: one round in which the machine did something else says nothing of the console. */
const rounds = 11
const trips = 200
const flood = { connections: 32, calls: 40_000 }
const fallback = { status: 200, type: 'application/json', from: { body: '{"answer":null}' } }
const operator = { type: 'operator', via: 'command line' } as const

const benchmark: Benchmark = {
  what: 'an open breaker’s fallback over the local proxy, fail-over at the failure that opens it, and the console beside a flood of calls',
  async run({ folder, note }) {
    await using other = await upstream()
    await using rig = await dependencyRig({
      directory: folder,
      services: [serviceOf('api', { uses: { model: 'optional' } })],
      dependencies: [dependencyOf('model', other.url, { fallback, concurrency: 256 })],
    })
    const address = rig.address('api', 'model')

    const direct = await typical(`${other.url}/`)
    const passed = await typical(address)
    note(`a call that is answered: direct ${sentence(direct)}; through the proxy ${sentence(passed)}`)

    await rig.dependencies.isolate('model', operator)
    const open = await typical(address)
    note(`open, one after the other: ${sentence(open)}`)

    const delays = monitorEventLoopDelay({ resolution: 2 })
    delays.enable()
    const flooded = await calls(address, flood.connections, flood.calls)
    delays.disable()
    note(`open, ${flood.connections} connections as fast as they can: ${sentence(flooded)}`)

    await rig.dependencies.reset('model', operator)
    const failOver = await failOvers(rig, address, other.behave.bind(other))
    note(`from the failure that opens it to the fallback: ${sentence(failOver)}`)

    return [
      { what: 'fallback of an open breaker, p50', value: open.p50, unit: 'ms' },
      { what: 'fallback of an open breaker, p99', value: open.p99, unit: 'ms', bar: { atMost: 1 } },
      { what: 'fallbacks under a flood', value: flooded.rate, unit: 'calls/s' },
      {
        what: `fallback under load: each of ${flood.connections} connections always has a call waiting, p99`,
        value: flooded.p99,
        unit: 'ms',
        bar: { atMost: 50 },
      },
      {
        what: 'from the failure that opens it to the fallback, p99',
        value: failOver.p99,
        unit: 'ms',
        bar: { atMost: 100 },
      },
      { what: 'what the proxy adds to an answered call, p50', value: passed.p50 - direct.p50, unit: 'ms' },
      {
        what: 'longest that the control plane was held up during the flood, p99',
        value: delays.percentile(99) / 1e6,
        unit: 'ms',
        bar: { atMost: 50 },
      },
    ]
  },
}

export default benchmark

/** Milliseconds a call, and calls a second. */
interface Measured {
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly rate: number
}

/** The median of some rounds of calls, one after the other. */
async function typical(url: string): Promise<Measured> {
  const measured: Measured[] = []
  for (let round = 0; round < rounds; round++) measured.push(await calls(url, 1, answers))
  const middle = (figure: keyof Measured) => median(measured.map((each) => each[figure]))
  return { p50: middle('p50'), p99: middle('p99'), worst: middle('worst'), rate: middle('rate') }
}

/** Calls over kept connections from a thread of its own, each sent when the one before is answered. */
async function calls(url: string, connections: number, count: number): Promise<Measured> {
  const { hostname, port, pathname } = new URL(url)
  const worker = new Worker(
    `const { parentPort, workerData: { hostname, port, pathname, connections, count } } = require('node:worker_threads')
     const { connect } = require('node:net')
     const request = 'GET ' + pathname + ' HTTP/1.1\\r\\nhost: bench\\r\\n\\r\\n'
     const times = []
     let left = count
     let open = connections
     const began = performance.now()
     const done = () => {
       if (--open === 0) parentPort.postMessage({ times, ms: performance.now() - began })
     }
     for (let n = 0; n < connections; n++) {
       const socket = connect(port, hostname).setNoDelay(true)
       let sent = 0
       let text = ''
       const send = () => {
         if (left-- <= 0) return socket.end(done())
         text = ''
         sent = performance.now()
         socket.write(request)
       }
       socket.on('connect', send)
       socket.on('data', (piece) => {
         text += piece.toString('latin1')
         const head = text.indexOf('\\r\\n\\r\\n')
         if (head < 0) return
         const length = /content-length: (\\d+)/i.exec(text.slice(0, head))
         const whole = length ? text.length >= head + 4 + Number(length[1]) : text.endsWith('0\\r\\n\\r\\n')
         if (!whole) return
         times.push(performance.now() - sent)
         send()
       })
       socket.on('error', (error) => { throw error })
     }`,
    { eval: true, workerData: { hostname, port: Number(port), pathname, connections, count } },
  )
  const { times, ms } = await new Promise<{ times: number[]; ms: number }>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await worker.terminate()
  return { ...spread(times), rate: (times.length / ms) * 1_000 }
}

/** From the moment at which the other side cuts the connection that is one too many until the caller has the fallback. */
async function failOvers(
  rig: DependencyRig,
  address: string,
  behave: (behaviour: (typeof behaviours)['close']) => void,
): Promise<Measured> {
  const times: number[] = []
  let cutAt = 0
  behave((response, request) => {
    cutAt = performance.now()
    behaviours.close(response, request)
  })
  for (let trip = 0; trip < trips; trip++) {
    await rig.dependencies.reset('model', operator)
    for (let failure = 0; failure < 3; failure++) await fetch(address).then((answer) => answer.text())
    times.push(performance.now() - cutAt)
  }
  return { ...spread(times), rate: 0 }
}

function spread(times: readonly number[]): Omit<Measured, 'rate'> {
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), worst: quantile(times, 1) }
}

function sentence({ p50, p99, worst }: Measured): string {
  return `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, worst ${worst.toFixed(1)} ms`
}
