import { spawn } from 'node:child_process'
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
