import type { Coordinator } from '#core/coordinator/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Verification } from '#core/verification/index.ts'
import type { RehearsedService } from '#shared/contract/rehearsals.ts'
import type { LogLine } from '#shared/contract/services.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { VerifiedCheck } from '#shared/contract/verification.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Checked, FromSandbox } from './messages.ts'
import type { SandboxPlan } from './sandbox-definition.ts'

/** What a trial needs of the site that was restored. */
export interface TrialSite {
  readonly coordinator: Pick<Coordinator, 'start' | 'processes'>
  readonly verification: Verification
  logTail(service: string, lines: number): Promise<readonly LogLine[]>
}

export interface TrialPorts {
  readonly state: StateHub
  readonly clock: Clock
  /** Ports of the live site. */
  readonly livePorts: ReadonlySet<number>
  /** How long services have to become healthy once all are started. */
  readonly healthyWithinMs: number
  /** Monotonic time at which opening the site began. */
  readonly begunAt: number
  readonly say: (message: FromSandbox) => void
  readonly signal: AbortSignal
}

/** All must be well for so long without a break: one that has no probe and ends at once has never been up. Milliseconds. */
const steadyMs = 3_000
const lookEveryMs = 100
const linesOfLog = 20
const cause: Cause = { type: 'console', why: 'a rehearsal' }

/** Starts what was restored, waits until it is well, makes the list of checks, and says what came of it. */
export async function tryOut(site: TrialSite, plan: SandboxPlan, ports: TrialPorts): Promise<void> {
  const { state, clock, say, signal, begunAt } = ports
  const ids = plan.services.filter(({ left }) => left === null).map(({ id }) => id)
  const outcome = await site.coordinator.start('all', {
    cause,
    operation: null,
    signal,
    onProgress: (done, total) => say({ type: 'progress', done, total }),
  })
  say({ type: 'started', ms: clock.monotonic() - begunAt })
  const restartsOf = () => sum(ids.map((id) => state.slice('services').get(id)?.restarts ?? 0))
  const restarts = restartsOf()
  const healthyAt = outcome.failed.length > 0 ? null : await whenSteady(ids, restartsOf, ports)
  const services: RehearsedService[] = []
  for (const { id, title, left } of plan.services) {
    if (left !== null) services.push({ id, title, result: 'left-out', sentence: left, log: [] })
    else services.push(await resultOf(id, title, outcome.failed, site, ports))
  }
  const told = restartsOf() - restarts
  const checked: Checked = {
    type: 'checked',
    healthyMs: healthyAt === null ? null : healthyAt - begunAt,
    services,
    checks: healthyAt === null ? null : checksOf((await site.verification.run()).checks, told),
  }
  say(checked)
}

/** The monotonic time since which all were well without a break; null when they were not in time. */
async function whenSteady(
  ids: readonly string[],
  restartsOf: () => number,
  { state, clock, healthyWithinMs, signal }: TrialPorts,
): Promise<number | null> {
  const deadline = clock.monotonic() + healthyWithinMs
  let since: number | null = null
  let restarts = restartsOf()
  for (;;) {
    signal.throwIfAborted()
    const now = clock.monotonic()
    const views = ids.map((id) => state.slice('services').get(id))
    if (views.some((view) => view?.state === 'failed')) return null
    const well = views.every(isWell) && restartsOf() === restarts
    restarts = restartsOf()
    since = well ? (since ?? now) : null
    if (since !== null && now - since >= steadyMs) return since
    if (since === null && now >= deadline) return null
    await new Promise<void>((resolve) => clock.after(lookEveryMs, resolve))
  }
}

function isWell(view: ServiceView | undefined): boolean {
  return view !== undefined && (view.state === 'running' || view.state === 'completed') && view.health === 'healthy'
}

async function resultOf(
  id: string,
  title: string,
  failed: readonly { readonly service: string; readonly reason: string }[],
  site: TrialSite,
  { state, livePorts }: TrialPorts,
): Promise<RehearsedService> {
  const view = state.slice('services').get(id)
  if (isWell(view)) {
    const port = heldInCode(site, view, livePorts)
    if (port === null) return { id, title, result: 'healthy', sentence: view?.reason ?? '', log: [] }
    const sentence = `it listens on ${port}, a port of the live site that its code holds as a number`
    return { id, title, result: 'left-out', sentence, log: [] }
  }
  const lines = await site.logTail(id, linesOfLog).catch(() => [])
  const log = lines.map(({ text }) => text)
  const taken = log.findLast((line) => /EADDRINUSE|address already in use/i.test(line))
  if (taken) {
    const sentence = `its code holds a port as a number that is taken on this machine: ${taken.trim()}`
    return { id, title, result: 'left-out', sentence, log }
  }
  const reason = failed.find(({ service }) => service === id)?.reason ?? view?.reason ?? 'it is not there'
  const up = view?.state === 'running'
  return { id, title, result: up ? 'unhealthy' : 'failed', sentence: reason, log }
}

/** A port of the live site on which a service of the sandbox listens although it was given another one. */
function heldInCode(site: TrialSite, view: ServiceView | undefined, livePorts: ReadonlySet<number>): number | null {
  if (view?.state !== 'running' || view.kind === 'builtin') return null
  const found = site.coordinator.processes(view.id).ports.find(({ name, port }) => name === null && livePorts.has(port))
  return found?.port ?? null
}

/** What looks outside says nothing here: nothing outside is reached. */
function checksOf(checks: readonly VerifiedCheck[], restarts: number): Checked['checks'] {
  const made = checks.filter(({ id, state }) => id !== 'external-api' && (state === 'passed' || state === 'failed'))
  const failed = made.filter(({ state }) => state === 'failed')
  const faults = failed.flatMap(({ faults: own, title, sentence }) =>
    own.length > 0 ? own : [`${title}: ${sentence}`],
  )
  if (restarts > 0) faults.push(`Services were restarted ${restarts} times before they stayed up.`)
  return { sentence: `${made.length - failed.length} of ${made.length} checks passed.`, faults: faults.slice(0, 20) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}
