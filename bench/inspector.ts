import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import type { Recordings } from '#core/messaging/index.ts'
import { makeHome, projectRoot } from '../test/e2e/desk.ts'
import { goTo } from '../test/e2e/page-steps.ts'
import { recordingRig } from '../test/support/recording-rig.ts'
import { until } from '../test/support/until.ts'
import { type BenchContext, type Benchmark, type Measurement, quantile } from './benchmark.ts'

const rate = 5_000
const seconds = 20
const recorded = 1_000_000
const topics = 1_000
/** Messages that are sent before the recording has them. */
const recordedAhead = 20_000
const frameMs = 1_000 / 60
const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']

/** The Messages page under a flood, and a recording of a million messages. */
const benchmark: Benchmark = {
  what: `${rate} messages a second on ${topics} topics for ${seconds} s, shown on the page Messages in Chromium over the headless host; then ${recorded.toLocaleString('en')} messages recorded through the router and searched`,
  async run(context) {
    return [...(await shown(context)), ...(await searched(context))]
  },
}
export default benchmark

async function shown({ folder, note }: BenchContext): Promise<readonly Measurement[]> {
  const home = await makeHome(join(folder, 'home'))
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet })
  const host = spawn(process.execPath, [join(projectRoot, 'out/main/headless.js'), '--json'], {
    env: { ...process.env, ...home.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(host, 'exit')
  try {
    const [line] = await once(createInterface({ input: host.stdout }), 'line')
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(JSON.parse(String(line)).address)
    await goTo(page, 'Messages')
    await page.locator('main').getByText('consultease/faculty/').first().waitFor()
    note(`${rate} messages a second for ${seconds} s`)
    const generator = pacedPublisher(home.ports.mqtt)
    await page.waitForTimeout(2_000)
    const said = () => page.getByRole('status').filter({ hasText: 'messages' }).first().innerText()
    const before = { at: performance.now(), ...countsIn(await said()) }
    const work = await workOf(browser, page)
    const after = { at: performance.now(), ...countsIn(await said()) }
    note(`the page says: ${await said()}`)
    const passed = after.received - before.received
    const missed = after.skipped - before.skipped
    await generator.terminate()
    return [
      {
        what: 'messages that came to the page a second',
        value: ((passed - missed) * 1_000) / (after.at - before.at),
        unit: 'messages/s',
        bar: { atLeast: 0.98 * rate },
      },
      { what: 'messages counted and not shown', value: missed, unit: '' },
      { what: 'work of the page in a frame, p95', value: quantile(work.frames, 0.95), unit: 'ms', bar: { atMost: 8 } },
      { what: 'longest task of the page', value: work.longest, unit: 'ms', bar: { atMost: 50 } },
      { what: 'heap of the page, most', value: work.heapMb, unit: 'MB', bar: { atMost: 300 } },
    ]
  } finally {
    await browser.close()
    host.kill('SIGTERM')
    await ended
  }
}

/** What the page's main thread does while the messages come: its tasks by Chromium's own trace, its heap once a second. */
async function workOf(browser: Browser, page: Page) {
  const session = await page.context().newCDPSession(page)
  await browser.startTracing(page, { categories: ['toplevel', '__metadata', 'devtools.timeline'] })
  const heaps: number[] = []
  for (let second = 0; second < seconds; second++) {
    await page.waitForTimeout(1_000)
    heaps.push(await heapOf(session))
  }
  const tasks = mainTasks(JSON.parse((await browser.stopTracing()).toString()))
  const begin = Math.min(...tasks.map(({ at }) => at))
  const frames: number[] = Array.from({ length: Math.floor((seconds * 1_000) / frameMs) }, () => 0)
  for (const { at, ms } of tasks) {
    const frame = Math.floor((at - begin) / frameMs)
    frames[frame] = (frames[frame] ?? 0) + ms
  }
  return { frames, longest: Math.max(...tasks.map(({ ms }) => ms)), heapMb: Math.max(...heaps) }
}

async function heapOf(session: CDPSession): Promise<number> {
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 1_000_000
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly args?: { readonly name?: string }
}

/** Tasks of the busiest renderer's main thread, in milliseconds. */
function mainTasks({ traceEvents }: { readonly traceEvents: readonly TraceEvent[] }) {
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const byThread = new Map<string, { at: number; ms: number }[]>()
  for (const { name, ph, pid, tid, ts = 0, dur = 0 } of traceEvents) {
    const thread = `${pid} ${tid}`
    if (ph !== 'X' || !mains.has(thread) || !/RunTask/.test(name)) continue
    const tasks = byThread.get(thread) ?? []
    tasks.push({ at: ts / 1_000, ms: dur / 1_000 })
    byThread.set(thread, tasks)
  }
  const all = [...byThread.values()].map((tasks) => ({ tasks, sum: tasks.reduce((sum, { ms }) => sum + ms, 0) }))
  return all.sort((a, b) => b.sum - a.sum)[0]?.tasks ?? []
}

/** What the line above the list says: "12 345 messages, 12 not shown: …". */
function countsIn(said: string): { readonly received: number; readonly skipped: number } {
  const digits = (found: RegExpExecArray | null) => Number(found?.[1]?.replace(/\D/g, '') ?? 0)
  return {
    received: digits(/([\d\s]+?)\s*messages?/.exec(said)),
    skipped: digits(/,\s*([\d\s]+?)\s*not shown/.exec(said)),
  }
}

async function searched({ note }: BenchContext): Promise<readonly Measurement[]> {
  await using rigs = await recordingRig()
  await using recordings = await rigs.open()
  const cause = { type: 'operator', via: 'command line' } as const
  const bounds = { messages: recorded, bytes: 512 * 1024 ** 2, ms: 3_600_000 }
  const { recording } = await recordings.start({ name: 'Million', filter: '#', text: '', ...bounds, cause })
  note(`recording ${recorded.toLocaleString('en')} messages`)
  const began = performance.now()
  const view = () => recordings.list().find(({ id }) => id === recording)
  const socket = connectTcp(rigs.rig.port, '127.0.0.1')
  socket.write(connectPacket('bench-recorded'))
  await once(socket, 'data')
  for (let sent = 0; sent < recorded + 100; ) {
    const chunk = Buffer.concat(
      Array.from({ length: topics }, () => publishPacket(`bench/${sent % topics}/status`, payloadOf(sent++))),
    )
    if (!socket.write(chunk)) await once(socket, 'drain')
    // A recording holds nobody up: what it has no room for is lost to it. It is filled as fast as it writes.
    const least = sent - recordedAhead
    await until(
      'the recording to keep up',
      () => {
        const { messages = 0, lost = 0, state = '' } = view() ?? {}
        return messages + lost >= least || state === 'complete'
      },
      120_000,
    )
  }
  await until('the recording to reach its bound', () => view()?.state === 'complete', 300_000)
  const took = (performance.now() - began) / 1_000
  socket.destroy()
  const measured: Measurement[] = [
    { what: 'messages recorded', value: view()?.messages ?? 0, unit: '', bar: { atLeast: recorded } },
    { what: 'messages lost by the recording', value: view()?.lost ?? -1, unit: '', bar: { atMost: 0 } },
    { what: 'recorded, on disk', value: recorded / took, unit: 'messages/s' },
  ]
  for (const [what, query] of Object.entries({
    'the first page': {},
    'a topic, first page': { filter: 'bench/777/status' },
    'a text that one message holds, near the end': { text: `note-${recorded - 50}"` },
    'a text that none holds, all looked through': { text: 'zeppelin' },
    'a topic with a wildcard and a text': { filter: 'bench/+/status', text: 'note-500000"' },
  })) {
    note(what)
    const { ms, rows, longest } = await look(recordings, recording, query)
    measured.push({ what: `${what} (${rows} rows)`, value: ms, unit: 'ms' })
    measured.push({ what: `${what}, longest page`, value: longest, unit: 'ms', bar: { atMost: 2_000 } })
  }
  return measured
}

/** Pages until a hundred rows are found or all is looked through. */
async function look(recordings: Recordings, recording: string, query: object) {
  const began = performance.now()
  let after: number | null = 0
  let rows = 0
  let longest = 0
  while (after !== null && rows < 100) {
    const from = performance.now()
    const page: Awaited<ReturnType<Recordings['page']>> = await recordings.page({
      recording,
      filter: '#',
      text: '',
      limit: 100,
      ...query,
      after,
    })
    longest = Math.max(longest, performance.now() - from)
    rows += page.rows.length
    after = page.next
  }
  return { ms: performance.now() - began, rows, longest }
}

/** A thread that publishes at the rate, a hundredth of a second at a time. */
function pacedPublisher(port: number): Worker {
  return new Worker(
    `const { workerData: { port, rate, topics } } = require('node:worker_threads')
     const client = require('mqtt').connect('mqtt://127.0.0.1:' + port, { reconnectPeriod: 0 })
     let n = 0
     client.on('connect', () => {
       const began = performance.now()
       setInterval(() => {
         const due = ((performance.now() - began) * rate) / 1000
         while (n < due) client.publish('bench/' + (n % topics) + '/status', JSON.stringify({ battery: n % 100, present: true, note: 'note-' + n++ }).padEnd(120))
       }, 10)
     })`,
    { eval: true, workerData: { port, rate, topics }, execArgv: [] },
  )
}

function payloadOf(n: number): string {
  return JSON.stringify({ battery: n % 100, present: n % 2 === 0, note: `note-${n}` }).padEnd(120)
}

function connectPacket(id: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, 4]), Buffer.from('MQTT'), Buffer.from([4, 2, 0, 60]), text(id)])
  return Buffer.concat([Buffer.from([0x10, body.length]), body])
}

function publishPacket(topic: string, payload: string): Buffer {
  const body = Buffer.concat([text(topic), Buffer.from(payload)])
  const length = body.length < 128 ? [body.length] : [(body.length % 128) | 128, body.length >> 7]
  return Buffer.concat([Buffer.from([0x30, ...length]), body])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}
