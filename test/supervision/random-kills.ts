import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { RunMarks } from '#core/coordinator/run-mark.ts'
import { silentLogger, systemClock, systemProcesses } from '#core/platform/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Console } from '../../src/main/console/index.ts'
import { freePorts } from '../support/ports.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

export interface KillRun {
  /** A folder for this run alone. */
  readonly folder: string
  readonly random: () => number
  /** How long to go on, and after how long each look at what the console holds. Milliseconds. */
  readonly forMs: number
  readonly lookEveryMs: number
  note(line: string): void
}

export interface KillResult {
  readonly kills: number
  /** From the kill until it was healthy again, milliseconds. */
  readonly back: readonly number[]
  readonly first: Held
  readonly last: Held
  readonly problems: readonly string[]
}

/** What the console holds when its services are at rest. Bytes and counts. */
export interface Held {
  readonly heap: number
  readonly files: number
  readonly resources: number
  readonly listeners: number
}

/** A service must be back after its longest pause and the time that a start takes on a busy machine. Milliseconds. */
const backWithinMs = 60_000
/** What takes longer is told with all that it went through. */
const slowMs = 10_000
/** What may be held more at the end than at the first look: caches that fill, files that are opened when first needed. */
const allowed: Held = { heap: 24 * 1024 ** 2, files: 8, resources: 8, listeners: 4 }

/**
 * A real console on a real site whose services are killed at random, one way or another: the child alone, the child after it was
 * suspended, or everything that belongs to it. Each must be healthy again, nothing of an earlier run may be left, and the console
 * must hold no more than before.
 */
export async function killAtRandom({ folder, random, forMs, lookEveryMs, note }: KillRun): Promise<KillResult> {
  const directory = await makeSite(folder)
  const console = await openTestConsole(folder)
  const problems: string[] = []
  const back: number[] = []
  let kills = 0
  try {
    await console.openInitial({ site: directory, otherwise: 'none', start: false })
    const { fingerprint = '' } = console.state.slice('site').get('site')?.trust ?? {}
    await console.site?.trust(fingerprint, { type: 'operator', via: 'command line' })
    await atRest(console)
    const world = new World(directory)
    await warmUp(console, world)
    let first: Held | null = null
    let last = held()
    const ends = performance.now() + forMs
    while (performance.now() < ends) {
      const looks = performance.now() + lookEveryMs
      while (performance.now() < Math.min(looks, ends)) {
        const victims = drawn(Object.values(console.state.slice('services').all()), random)
        kills += victims.length
        for (const { ms, what } of await Promise.all(victims.map((victim) => killed(console, world, victim, random)))) {
          back.push(ms)
          if (ms > slowMs) note(`slow: ${what}`)
          if (ms > backWithinMs) problems.push(`back only after ${Math.round(ms)} ms: ${what}`)
        }
        await setTimeout(random() * 400)
      }
      await atRest(console)
      const left = await world.strangers(console)
      if (left.length > 0) problems.push(`left behind: ${left.join(', ')}`)
      last = held()
      first ??= last
      const slowest = Math.round(Math.max(...back))
      note(
        `${kills} kills, slowest back after ${slowest} ms, heap ${Math.round(last.heap / 1024 ** 2)} MiB, ${last.files} files`,
      )
    }
    problems.push(...grown(first ?? last, last))
    return { kills, back, first: first ?? last, last, problems }
  } finally {
    await console.close({ services: 'stop' })
    const left = new World(directory).runs()
    if (left.length > 0) problems.push(`left behind by closing: ${left.join(', ')}`)
  }
}

async function killed(console: Console, world: World, victim: ServiceView, random: () => number): Promise<Back> {
  const began = performance.now()
  const way = world.kill(victim, random)
  const passed: string[] = []
  const looksBack = () => {
    const now = console.state.slice('services').get(victim.id)
    const what = `${now?.state}, ${now?.health}: ${now?.reason}`
    if (!passed.at(-1)?.endsWith(what)) passed.push(`${Math.round(performance.now() - began)} ms ${what}`)
    return now?.health === 'healthy' && now.pid !== victim.pid
  }
  await until(`${victim.id} to be back`, looksBack, backWithinMs * 2).catch(() => {})
  return { ms: performance.now() - began, what: `${victim.id} (${way}): ${passed.join(' | ')}` }
}

/** A service that came back, and all that it went through. */
interface Back {
  readonly ms: number
  readonly what: string
}

/** One service or two at a time, of those that have a process. */
function drawn(services: readonly ServiceView[], random: () => number): readonly ServiceView[] {
  const found = services.filter(({ pid, health }) => pid !== null && health === 'healthy')
  const count = random() < 0.3 ? 2 : 1
  return found
    .map((service) => ({ service, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ service }) => service)
}

/** The processes of the site as the machine has them. */
class World {
  readonly #processes = systemProcesses({ clock: systemClock(), logger: silentLogger, runtime: null })
  readonly #prefix: string

  constructor(directory: string) {
    this.#prefix = new RunMarks(realpathSync(directory)).prefix
  }

  runs(): readonly string[] {
    return [...this.#processes.findByRunPrefix(this.#prefix).keys()]
  }

  kill({ pid }: ServiceView, random: () => number): string {
    const identity = pid === null ? undefined : this.#processes.identify(pid)
    if (!identity) return 'gone already'
    const way = random()
    if (way < 0.34) {
      this.#processes.signal(identity, 'SIGKILL')
      return 'killed'
    }
    if (way < 0.67) {
      this.#processes.signal(identity, 'SIGSTOP')
      systemClock().after(150, () => this.#processes.signal(identity, 'SIGKILL'))
      return 'suspended and killed'
    }
    const family = this.#processes.family(identity)
    for (const each of [identity, ...family]) this.#processes.signal(each, 'SIGKILL')
    return 'killed with its family'
  }

  /** Runs that belong to no service that runs now; a look that falls into a restart is repeated. */
  async strangers(console: Console): Promise<readonly string[]> {
    let found: readonly string[] = []
    for (let look = 0; look < 5; look++) {
      const services = Object.values(console.state.slice('services').all()).filter(({ pid }) => pid !== null)
      const runs = this.runs()
      found = runs.length === services.length ? [] : runs
      if (found.length === 0) return []
      await setTimeout(1_000)
    }
    return found
  }
}

/** Every service is killed once, so that what is loaded or opened only once is there before the first look. */
async function warmUp(console: Console, world: World): Promise<void> {
  for (const victim of Object.values(console.state.slice('services').all())) {
    if (victim.pid !== null) await killed(console, world, victim, () => 0)
  }
  await atRest(console)
}

async function atRest(console: Console): Promise<void> {
  const services = () => Object.values(console.state.slice('services').all())
  await until('every service healthy', () => services().every(({ health }) => health === 'healthy'), backWithinMs * 2)
}

function held(): Held {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') for (let round = 0; round < 3; round++) collect()
  return {
    heap: process.memoryUsage().heapUsed,
    files: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

function grown(first: Held, last: Held): readonly string[] {
  const names = ['heap', 'files', 'resources', 'listeners'] as const
  return names.flatMap((name) =>
    last[name] > first[name] + allowed[name] ? [`${name} grew from ${first[name]} to ${last[name]}`] : [],
  )
}

/** Small services of every shape: a script, shells with children, one that leaves its group, one that ignores SIGTERM. */
async function makeSite(folder: string): Promise<string> {
  const directory = join(folder, 'site')
  mkdirSync(join(directory, 'data'), { recursive: true })
  const [mqtt = 0] = await freePorts(1)
  const shell = (script: string) => `kind: process, run: [sh, -c, "${script}"]`
  const restart =
    'restart: { backoff: { first: 50ms, factor: 2, cap: 2s }, budget: { starts: 200, per: 1m }, forgive: 2s }'
  writeFileSync(
    join(directory, 'script.mjs'),
    `setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(0))\n`,
  )
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: kills
services:
  broker: { kind: builtin, use: broker, ports: { mqtt: ${mqtt} } }
  script: { kind: node, run: script.mjs, needs: { broker: ready }, ${restart} }
  tree: { ${shell('sleep 100000 & sleep 100000 & wait')}, ${restart} }
  escapes: { ${shell('setsid sleep 100000 & sleep 100000')}, ${restart}, needs: { tree: started } }
  stubborn: { ${shell(`trap '' TERM; sleep 100000 & while :; do wait; sleep 1; done`)}, stop: { within: 500ms }, ${restart} }
  follower: { ${shell('exec sleep 100000')}, needs: { tree: { be: healthy, restart: on } }, ${restart} }
  called: { ${shell('exec sleep 100000')}, hooks: { before-start: "true", after-stop: "true" }, ${restart} }
`,
  )
  return directory
}
