import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import type { ServiceDefinition } from '#core/config/index.ts'
import { expectedPath } from '#core/coordinator/critical-path.ts'
import { inPhases, planWaves, startSet, stopSet } from '#core/coordinator/planner.ts'
import { builtRuntime } from '#core/platform/index.ts'
import { projectRoot } from '../test/e2e/desk.ts'
import { freePorts } from '../test/support/ports.ts'
import { order, type ServiceRig, serviceRig } from '../test/support/service-rig.ts'
import { probeOf, serviceOf, siteOf } from '../test/support/site-definition.ts'
import { type BenchContext, type Benchmark, type Measurement, median, quantile } from './benchmark.ts'
import { byPeer, cpuOf, initMs, levels, peers, perLevel, serviceScript } from './startup-peers.ts'

const rounds = 3
const alone = 5
const ticksPerSecond = 100

const files = { 'service.mjs': serviceScript }
/** The console's programs as they are installed: as sources, each service would pay for stripping the types of its loader. */
const runtime = builtRuntime(join(projectRoot, 'out', 'main'), process.execPath)

const benchmark: Benchmark = {
  what: `Starting ${levels * perLevel} real Node services on ${levels} levels, each needing two of the level before to be ready, until the last is ready, as at every start but the first: against the larger of the critical path (each service’s start measured alone, on the idle machine) and the CPU time that the services took divided by the cores. Then an emergency stop of the fifty. And planning 500 services.`,
  peers,
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
    await using rig = await serviceRig({ files, runtime, services })
    const first = await started(rig, services, context)
    context.note(
      `never started before: ${Math.round(first.wallMs)} ms, ${(first.wallMs / Math.max(path.totalMs, first.cpuMs / availableParallelism())).toFixed(2)}x`,
    )
    for (let round = 1; round <= rounds; round++) {
      const { wallMs, cpuMs, idleMs: idle, killMs } = await started(rig, services, context)
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
    const peer = await byPeer(ports, median(walls), context)
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
      {
        what: 'the same of a site that was never started before: nothing is known of its services',
        value: first.wallMs / Math.max(path.totalMs, first.cpuMs / availableParallelism()),
        unit: 'x',
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

async function started(rig: ServiceRig, services: readonly ServiceDefinition[], { note }: BenchContext) {
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
