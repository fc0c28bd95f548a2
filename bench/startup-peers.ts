import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { listeningSockets } from '#core/platform/linux/listening-ports.ts'
import { findProgram } from '../test/support/needs.ts'
import { until } from '../test/support/until.ts'
import { type BenchContext, type Measurement, median } from './benchmark.ts'

export const levels = 5
export const perLevel = 10
const rounds = 3
const ticksPerSecond = 100

/** What a service does before it listens besides starting Node: connecting, loading. Milliseconds. */
export const initMs = (index: number) => 100 + (index % perLevel) * 30

/** Listens on its port after its time of initialisation. */
export const serviceScript = `
import { createServer } from 'node:http'
setTimeout(() => {
  createServer((request, response) => response.end('ok')).listen(Number(process.env.PORT_HTTP), '127.0.0.1')
}, Number(process.env.INIT_MS))
process.on('SIGTERM', () => process.exit(0))`

/** Others that start the same fifty, and know nothing of readiness: they wait for none of the needs. */
export const peers = {
  supervisord: 'Debian’s supervisor starts the same fifty by priority',
  bare: 'a C program starts the same fifty in the order of their needs, the longest way first, and does nothing else: the least that the machine itself takes for them',
  shell:
    'a shell starts the same fifty one after another, supervises nothing and asks nothing: what the machine itself takes for them',
} as const

/** Measures the peer that was asked for, none without one. `ours`: milliseconds that the console took. */
export async function byPeer(
  ports: readonly number[],
  ours: number,
  context: BenchContext,
): Promise<readonly Measurement[]> {
  writeFileSync(join(context.folder, 'service.mjs'), serviceScript)
  const fifty = ports.slice(0, levels * perLevel)
  if (context.peer === 'bare') return bare(fifty, ours, context)
  const peer =
    context.peer === 'supervisord'
      ? supervisord(fifty, context)
      : context.peer === 'shell'
        ? shell(fifty, context)
        : undefined
  if (!peer) return []
  const [times, ratios]: [number[], number[]] = [[], []]
  for (let round = 1; round <= rounds; round++) {
    const began = performance.now()
    const child = spawn(peer.program, peer.args, { stdio: 'ignore' })
    const ended = once(child, 'exit')
    try {
      await until('all fifty listen', () => allListen(fifty), 60_000)
      const wallMs = performance.now() - began
      const services = childrenOf(child.pid ?? 0)
      const cpuMs = services.reduce((sum, pid) => sum + cpuOf(pid), 0) / availableParallelism()
      times.push(wallMs)
      ratios.push(wallMs / cpuMs)
      context.note(
        `${context.peer}, round ${round}: ${Math.round(wallMs)} ms; CPU time by cores ${Math.round(cpuMs)} ms`,
      )
    } finally {
      const services = childrenOf(child.pid ?? 0)
      child.kill('SIGTERM')
      await ended
      for (const pid of services) endService(pid)
      await until('all fifty to be gone', () => !fifty.some((port) => allListen([port])), 60_000)
    }
  }
  return [
    { what: `${context.peer} until all fifty listen, waiting for no need, median`, value: median(times), unit: 'ms' },
    {
      what: `${context.peer}, as a multiple of the CPU time of its services by cores`,
      value: median(ratios),
      unit: 'x',
    },
    {
      what: `ours, in the order of needs, as a multiple of the time of ${context.peer}`,
      value: ours / median(times),
      unit: 'x',
    },
  ]
}

/** Milliseconds of loading in which no more services are started than there are cores; the best of what is tried counts. */
const loadings = [50, 65, 80] as const

/** The floor: its ratio to its own bounds, measured as ours is. */
async function bare(
  ports: readonly number[],
  ours: number,
  { folder, note }: BenchContext,
): Promise<readonly Measurement[]> {
  const compiler = findProgram('cc')
  if (compiler === null) {
    note('not measured beside the bare starter, which wants a C compiler: apt-get install gcc')
    return []
  }
  const starter = join(folder, 'bare-starter')
  execFileSync(compiler, ['-O1', '-o', starter, join(import.meta.dirname, 'bare-starter.c')])
  const [first = 0] = ports
  const alone = []
  for (let round = 0; round < 5; round++)
    alone.push((await bareStart(starter, folder, 0, [`${first}:${initMs(0)}:0`])).wallMs)
  const overhead = median(alone) - initMs(0)
  const needsOf = (index: number) => {
    const level = Math.floor(index / perLevel)
    return level === 0 ? [] : [index, index + 1].map((place) => (level - 1) * perLevel + (place % perLevel))
  }
  const ways: number[] = []
  const way = (index: number): number =>
    (ways[index] ??= overhead + initMs(index) + Math.max(0, ...needsOf(index).map(way)))
  const behind = ports.map(() => 0)
  for (const index of ports.keys().toArray().reverse()) {
    behind[index] = (behind[index] ?? 0) + overhead + initMs(index)
    for (const need of needsOf(index)) behind[need] = Math.max(behind[need] ?? 0, behind[index])
  }
  const pathMs = Math.max(...ports.map((_, index) => way(index)))
  const services = ports.map(
    (port, index) => `${port}:${initMs(index)}:${Math.round(behind[index] ?? 0)}:${needsOf(index).join(',')}`,
  )
  const tried = []
  for (const loadingMs of loadings) {
    const times: number[] = []
    const ratios: number[] = []
    for (let round = 1; round <= rounds; round++) {
      const { wallMs, cpuMs } = await bareStart(starter, folder, loadingMs, services)
      times.push(wallMs)
      ratios.push(wallMs / Math.max(pathMs, cpuMs))
    }
    tried.push({ loadingMs, wallMs: median(times), ratio: median(ratios) })
    note(
      `bare, ${availableParallelism()} in ${loadingMs} ms: ${times.map(Math.round).join(', ')} ms; critical path ${Math.round(pathMs)} ms`,
    )
  }
  const best = tried.reduce((one, other) => (other.wallMs < one.wallMs ? other : one))
  return [
    { what: 'bare starter, in the order of needs, the best of three paces, median', value: best.wallMs, unit: 'ms' },
    { what: 'bare starter, as a multiple of its own larger bound', value: best.ratio, unit: 'x' },
    { what: 'ours, as a multiple of the time of the bare starter', value: ours / best.wallMs, unit: 'x' },
  ]
}

async function bareStart(starter: string, folder: string, loadingMs: number, services: readonly string[]) {
  const began = performance.now()
  const pace = [String(availableParallelism()), String(loadingMs)]
  const child = spawn(starter, [process.execPath, join(folder, 'service.mjs'), ...pace, ...services], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended])
  const wallMs = performance.now() - began
  const cpuMs = childrenOf(child.pid ?? 0).reduce((sum, pid) => sum + cpuOf(pid), 0) / availableParallelism()
  child.stdin.end()
  await ended
  return { wallMs, cpuMs }
}

/** Processor time that a process has taken so far, milliseconds. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

function supervisord(ports: readonly number[], { folder, note }: BenchContext) {
  const program = findProgram('supervisord')
  if (program === null) {
    note('not measured beside supervisord, which is missing: apt-get install supervisor')
    return undefined
  }
  const programs = ports.map((port, index) =>
    [
      `[program:s${index}]`,
      `command=${process.execPath} ${join(folder, 'service.mjs')}`,
      `environment=PORT_HTTP="${port}",INIT_MS="${initMs(index)}"`,
      `priority=${Math.floor(index / perLevel)}`,
      'startsecs=0',
    ].join('\n'),
  )
  const daemon = `[supervisord]\nnodaemon=true\nlogfile=${join(folder, 'supervisord.log')}\npidfile=${join(folder, 'supervisord.pid')}\nchildlogdir=${folder}\nuser=root`
  const file = join(folder, 'supervisord.conf')
  writeFileSync(file, [daemon, ...programs].join('\n\n'))
  return { program, args: ['-c', file] }
}

function shell(ports: readonly number[], { folder }: BenchContext) {
  const script = join(folder, 'service.mjs')
  const lines = ports.map((port, index) => `PORT_HTTP=${port} INIT_MS=${initMs(index)} "$0" "$1" &`)
  return { program: 'sh', args: ['-c', [...lines, 'wait'].join('\n'), process.execPath, script] }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return [] // it has ended
  }
}

/** A shell that ends takes nothing along. */
function endService(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // ended with its supervisor
  }
}

function allListen(ports: readonly number[]): boolean {
  const listening = new Set(listeningSockets('/proc/net/tcp').map(({ port }) => port))
  return ports.every((port) => listening.has(port))
}
