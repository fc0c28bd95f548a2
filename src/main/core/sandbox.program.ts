/**
 * Helper process: a restored site in its sandbox, opened by the same composition as any site, started, looked at, stopped. A process of
 * its own, so that whatever happens to it happens to nothing else; it ends its services and itself when its standard input ends.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { hostname, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { ConsoleError } from '#shared/problem.ts'
import { openSecrets } from './config/index.ts'
import { builtRuntime, loggerOn, noCrashPoints, systemClock, systemProcesses } from './platform/index.ts'
import {
  type DatabaseServers,
  type FromSandbox,
  freePorts,
  type Hello,
  helloSchema,
  openDatabaseServers,
  portsWanted,
  removeLinksOutside,
  type SandboxPlan,
  sandboxDefinition,
  sandboxPlaces,
  serversWanted,
  toSandbox,
  tryOut,
} from './rehearsal/index.ts'
import { openSite, type Site } from './site.ts'
import { openStateHub } from './state/index.ts'

// Below everything of the live site; its services inherit it.
try {
  setPriority(10)
} catch {}

const say = (message: FromSandbox) => void process.stdout.write(`${JSON.stringify(message)}\n`)
const clock = systemClock({ keepAlive: true })
const logger = loggerOn((level, part, message) => {
  if (level === 'warn' || level === 'error') process.stderr.write(`${part}: ${message}\n`)
})
const ended = new AbortController()
let site: Site | null = null
let servers: DatabaseServers | null = null
let closing: Promise<void> | null = null

const lines = createInterface({ input: process.stdin })
let greeted = false
lines.on('line', (line) => {
  if (!greeted) {
    greeted = true
    void run(helloSchema.parse(JSON.parse(line)))
    return
  }
  if (toSandbox.parse(JSON.parse(line)).type === 'stop') void end(true)
})
lines.on('close', () => void end(false))
process.stdout.on('error', () => void end(false))

async function run(hello: Hello): Promise<void> {
  try {
    await tryRestored(hello)
  } catch (error) {
    if (ended.signal.aborted) return
    say({ type: 'failed', problem: problemOf(error) })
  }
}

async function tryRestored({ folder, live, healthyWithinMs }: Hello): Promise<void> {
  const places = sandboxPlaces(folder)
  await mkdir(places.user, { recursive: true, mode: 0o700 })
  const links = await removeLinksOutside(places.site)
  const secrets = await openSecrets(live.userData, live.directory)
  const runtime = builtRuntime(import.meta.dirname, process.execPath)
  const state = openStateHub({ clock, logger })
  const begunAt = clock.monotonic()
  let plan: SandboxPlan | null = null
  site = await openSite(places.site, {
    runtime,
    clock,
    logger,
    state,
    folders: { data: places.user, runtime: places.user },
    processes: systemProcesses({ clock, logger, runtime }),
    crashPoints: noCrashPoints,
    random: Math.random,
    owner: { host: 'headless', hostname: hostname(), pid: process.pid, address: null, socket: null },
    sample: live.sample,
    profile: live.profile,
    sandbox: {
      of: live.directory,
      userData: live.userData,
      adapt: async (definition) => {
        const ports = new Set([
          ...live.ports,
          ...Object.values(definition.services).flatMap((service) => Object.values(service.ports)),
        ])
        const wanted = portsWanted(definition)
        const [dead = 0, ...free] = await freePorts(wanted + serversWanted(definition) + 1, ports)
        const secret = (name: string) => {
          try {
            return secrets(name)
          } catch {
            return null
          }
        }
        servers = await openDatabaseServers(definition, {
          folder,
          site: places.site,
          clock,
          secret,
          ports: free.slice(wanted),
          signal: ended.signal,
        })
        plan = sandboxDefinition(definition, {
          live: live.directory,
          ports,
          secret,
          exists: existsSync,
          free: free.slice(0, wanted),
          dead,
          servers: servers.servers,
          unbrought: servers.unbrought,
        })
        return plan.definition
      },
    },
  })
  const adapted = planOf(plan, state.slice('site').get('site'))
  say({ type: 'planned', services: [...adapted.services], notes: [...adapted.notes, ...links] })
  await tryOut(site, adapted, {
    state,
    clock,
    livePorts: new Set(live.ports),
    healthyWithinMs,
    begunAt,
    say,
    signal: ended.signal,
  })
}

/** Without a plan site.yaml was not put to use: it has mistakes, or what it would run was never trusted. */
function planOf(
  plan: SandboxPlan | null,
  view:
    | { readonly trust: unknown; readonly config: { readonly problems: readonly { readonly message: string }[] } }
    | undefined,
): SandboxPlan {
  if (plan) return plan
  if (view?.trust) {
    throw new ConsoleError(
      'site-not-trusted',
      'What the site.yaml of this snapshot would run was never trusted for this site, so nothing of it was started.',
      'Rehearse a newer snapshot, or look through what the site runs and trust it.',
    )
  }
  throw new ConsoleError(
    'site-invalid',
    `The site.yaml of the snapshot cannot be used: ${view?.config.problems[0]?.message ?? 'it could not be read'}`,
    'Put site.yaml of the live site right, then back up again.',
  )
}

/** Stops what was started and ends. Without asking nicely where nobody waits for it. */
function end(orderly: boolean): Promise<void> {
  closing ??= (async () => {
    ended.abort(new Error('The rehearsal ended.'))
    if (!orderly) await site?.coordinator.emergencyStop({ type: 'console', why: 'the rehearsal ended' }).catch(() => {})
    await site?.close({ services: 'stop' }).catch((error: unknown) => logger.error(String(error)))
    await servers?.[Symbol.asyncDispose]()
    say({ type: 'stopped' })
    process.exit(0)
  })()
  return closing
}

function problemOf(error: unknown) {
  if (error instanceof ConsoleError) return error.problem
  const message = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'sandbox-failed',
    `The restored site could not be opened: ${message}`,
    'Look at the log of the console for details.',
    { params: { stack: error instanceof Error ? (error.stack ?? null) : null } },
  ).problem
}
