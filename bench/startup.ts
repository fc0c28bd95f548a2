import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import type { ServiceDefinition } from '#core/config/index.ts'
import { expectedPath } from '#core/coordinator/critical-path.ts'
import { inPhases, planWaves, startSet, stopSet } from '#core/coordinator/planner.ts'
import { builtRuntime } from '#core/platform/index.ts'
import { listeningSockets } from '#core/platform/linux/listening-ports.ts'
import { projectRoot } from '../test/e2e/desk.ts'
import { findProgram } from '../test/support/needs.ts'
import { freePorts } from '../test/support/ports.ts'
import { order, serviceRig } from '../test/support/service-rig.ts'
import { probeOf, serviceOf, siteOf } from '../test/support/site-definition.ts'
import { until } from '../test/support/until.ts'
import { type BenchContext, type Benchmark, type Measurement, median, quantile } from './benchmark.ts'

const levels = 5
const perLevel = 10
const rounds = 3
const alone = 5
/** What a service does before it listens besides starting Node: connecting, loading. Milliseconds. */
const initMs = (index: number) => 100 + (index % perLevel) * 30
const ticksPerSecond = 100

/** Listens on its port after its time of initialisation. */
const script = `
import { createServer } from 'node:http'
setTimeout(() => {
  createServer((request, response) => response.end('ok')).listen(Number(process.env.PORT_HTTP), '127.0.0.1')
}, Number(process.env.INIT_MS))
process.on('SIGTERM', () => process.exit(0))`

const files = { 'service.mjs': script }
/** The console's programs as they are installed: as sources, each service would pay for stripping the types of its loader. */
const runtime = builtRuntime(join(projectRoot, 'out', 'main'), process.execPath)

const benchmark: Benchmark = {
  what: `Starting ${levels * perLevel} real Node services on ${levels} levels, each needing two of the level before to be ready, until the last is ready: against the larger of the critical path (each service’s start measured alone, on the idle machine) and the CPU time that the services took divided by the cores. Then an emergency stop of the fifty. And planning 500 services.`,
  peers: {
    supervisord:
      'Debian’s supervisor starts the same fifty by priority: it knows no readiness, so it waits for none of the needs',
  },
  async run(context) {
    const planning = planned(context)
    const ports = await freePorts(levels * perLevel + 1)
    const services = graph(ports)
    const own = await startedAlone(services, context)
    const ratios: number[] = []
    const walls: number[] = []
    const idles: number[] = []
    const bounds: number[] = []
    const kills: number[] = []
    const path = expectedPath(
      siteOf(services),
      services.map(({ id }) => id),
      (id) => {
        const ms = own(id)
        return { started: ms, ready: ms, healthy: ms }
      },
    )
    for (let round = 1; round <= rounds; round++) {
      const { wallMs, cpuMs, idleMs: idle, killMs } = await started(services, context)
      kills.push(killMs)
      const bound = Math.max(path.totalMs, cpuMs / availableParallelism())
      ratios.push(wallMs / bound)
      idles.push(idle / availableParallelism() / wallMs)
      walls.push(wallMs)
      bounds.push(cpuMs / availableParallelism())
      context.note(
        `round ${round}: ${Math.round(wallMs)} ms; critical path ${Math.round(path.totalMs)} ms, CPU time by cores ${Math.round(cpuMs / availableParallelism())} ms; ${Math.round((100 * idle) / availableParallelism() / wallMs)} % idle, load ${loadavg()[0]?.toFixed(1)}`,
      )
    }
    const peer = context.peer === 'supervisord' ? await bySupervisord(ports, median(walls), context) : []
    return [
      {
        what: 'start of all, as a multiple of the larger bound, median',
        value: median(ratios),
        unit: 'x',
        bar: { atMost: 1.15 },
      },
      { what: 'share of the machine’s time that was idle during it, median', value: median(idles), unit: '' },
      { what: 'start of all, median', value: median(walls), unit: 'ms' },
      { what: 'critical path, from starts alone', value: path.totalMs, unit: 'ms' },
      { what: 'CPU time of the services divided by the cores, median', value: median(bounds), unit: 'ms' },
      {
        what: 'emergency stop of the fifty, until nothing of them runs, the slowest',
        value: Math.max(...kills),
        unit: 'ms',
        bar: { atMost: 2_000 },
      },
      ...planning,
      ...peer,
    ]
  },
}
export default benchmark

/** Five hundred services on twenty levels, three needs each; all that a start and a stop of everything is planned from. */
function planned({ note }: BenchContext): Measurement[] {
  const services = Array.from({ length: 500 }, (_, index) => {
    const before = index < 25 ? [] : [25, 26, 37].map((back) => `s${index - back}`).filter((id) => !id.includes('-'))
    return serviceOf(`s${index}`, { needs: Object.fromEntries(before.map((need) => [need, 'ready' as const])) })
  })
  const site = siteOf(services)
  const ids = services.map(({ id }) => id)
  const one = { started: 1, ready: 1, healthy: 1 }
  const times = Array.from({ length: 21 }, () => {
    const began = performance.now()
    planWaves(site)
    startSet(site, ids)
    stopSet(site, ids)
    inPhases(site, ids)
    expectedPath(site, ids, () => one)
    return performance.now() - began
  })
  note(`planned 500 services on ${planWaves(site).length} levels`)
  return [
    {
      what: '500 services planned: waves, start, stop, phases, critical path; p95',
      value: quantile(times, 0.95),
      unit: 'ms',
      bar: { atMost: 50 },
    },
  ]
}

function graph(ports: readonly number[]): readonly ServiceDefinition[] {
  return Array.from({ length: levels * perLevel }, (_, index) => {
    const level = Math.floor(index / perLevel)
    const at = (place: number) => `s${(level - 1) * perLevel + (place % perLevel)}`
    const needs = level === 0 ? [] : [at(index), at(index + 1)]
    return serviceOf(`s${index}`, {
      run: ['service.mjs'],
      ports: { http: ports[index] ?? 0 },
      env: { INIT_MS: String(initMs(index)) },
      needs: Object.fromEntries(needs.map((need) => [need, 'ready' as const])),
      probes: {
        startup: probeOf(
          { type: 'http', url: `http://127.0.0.1:${ports[index]}/`, status: null },
          { everyMs: 1_000, withinMs: 60_000 },
        ),
        readiness: null,
        liveness: null,
      },
    })
  })
}

/** How long a service takes when nothing else starts: its process, its initialisation, and the answer. */
async function startedAlone(
  services: readonly ServiceDefinition[],
  { note }: BenchContext,
): Promise<(service: string) => number> {
  const [first] = services
  const times: number[] = []
  await using rig = await serviceRig({ files, runtime, services: first ? [first] : [] })
  for (let round = 0; round < alone; round++) {
    const began = performance.now()
    await rig.coordinator.start('all', order)
    times.push(performance.now() - began)
    await rig.coordinator.stop('all', order)
  }
  const overhead = median(times) - initMs(0)
  note(`a service alone takes ${Math.round(overhead)} ms besides its own initialisation`)
  return (service) => overhead + initMs(Number(service.slice(1)))
}

async function started(services: readonly ServiceDefinition[], { note }: BenchContext) {
  await using rig = await serviceRig({ files, runtime, services })
  const idleBefore = idleMs()
  const began = performance.now()
  const { failed } = await rig.coordinator.start('all', order)
  const wallMs = performance.now() - began
  if (failed.length > 0)
    note(`did not start: ${failed.map(({ service, reason }) => `${service}: ${reason}`).join('; ')}`)
  const idle = idleMs() - idleBefore
  const pids = services.flatMap(({ id }) => rig.view(id).pid ?? [])
  const cpuMs = pids.reduce((sum, pid) => sum + cpuOf(pid), 0)
  const { ms: killMs } = await rig.coordinator.emergencyStop(order.cause)
  return { wallMs: failed.length > 0 ? Number.NaN : wallMs, cpuMs, idleMs: idle, killMs }
}

/** Processor time that the machine has had nothing to do for, all cores together, milliseconds. */
function idleMs(): number {
  const [, , , idle = 0, waiting = 0] = (/^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '')
    .split(' ')
    .map(Number)
  return ((idle + waiting) * 1_000) / ticksPerSecond
}

/** Processor time that a process has taken so far, milliseconds. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

/** Until every one of the fifty listens, from the start of the daemon on. */
async function bySupervisord(
  ports: readonly number[],
  ours: number,
  { folder, note }: BenchContext,
): Promise<Measurement[]> {
  const program = findProgram('supervisord')
  if (program === null) {
    note('not measured beside supervisord, which is missing: apt-get install supervisor')
    return []
  }
  writeFileSync(join(folder, 'service.mjs'), script)
  const programs = Array.from({ length: levels * perLevel }, (_, index) =>
    [
      `[program:s${index}]`,
      `command=${process.execPath} ${join(folder, 'service.mjs')}`,
      `environment=PORT_HTTP="${ports[index]}",INIT_MS="${initMs(index)}"`,
      `priority=${Math.floor(index / perLevel)}`,
      'startsecs=0',
    ].join('\n'),
  )
  const daemon = `[supervisord]\nnodaemon=true\nlogfile=${join(folder, 'supervisord.log')}\npidfile=${join(folder, 'supervisord.pid')}\nchildlogdir=${folder}\nuser=root`
  const file = join(folder, 'supervisord.conf')
  writeFileSync(file, [daemon, ...programs].join('\n\n'))
  const times: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const began = performance.now()
    const child = spawn(program, ['-c', file], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    try {
      await until('all fifty listen', () => allListen(ports.slice(0, levels * perLevel)), 60_000)
      times.push(performance.now() - began)
      note(`supervisord, round ${round}: ${Math.round(times.at(-1) ?? 0)} ms`)
    } finally {
      child.kill('SIGTERM')
      await ended
    }
  }
  return [
    { what: 'supervisord until all fifty listen, waiting for no need, median', value: median(times), unit: 'ms' },
    { what: 'ours, in the order of needs, as a multiple of supervisord’s', value: ours / median(times), unit: 'x' },
  ]
}

function allListen(ports: readonly number[]): boolean {
  const listening = new Set(listeningSockets('/proc/net/tcp').map(({ port }) => port))
  return ports.every((port) => listening.has(port))
}
