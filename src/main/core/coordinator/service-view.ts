import { type HookName, resolveCwd, resolvePages, resolvePorts, resolveProbe } from '#core/config/index.ts'
import { checkWords } from '#core/health/index.ts'
import type { TreeUsage } from '#core/platform/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { SiteNow } from './current-site.ts'
import { shownCommand } from './launch-plan.ts'
import type { ProbeName } from './machine.ts'
import type { Supervisor } from './supervisor.ts'
import type { Reach } from './uses.ts'

const hookNames: readonly HookName[] = ['before-start', 'after-start', 'before-stop', 'after-stop']

/** What others know of a service. */
export interface Surroundings {
  readonly site: SiteNow
  /** Which needs are met, by id. */
  readonly met: Readonly<Record<string, boolean>>
  readonly dependents: readonly string[]
  readonly usage: TreeUsage | null
  readonly reach: (dependency: string) => Reach
  readonly unit: ServiceView['unit']
}

/** A service as the screens show it. */
export function viewOf(
  supervisor: Supervisor,
  { site, met, dependents, usage, reach, unit }: Surroundings,
): ServiceView {
  const { service, machine, child } = supervisor
  const { definition, variables } = site
  const running = machine.state === 'running' || machine.state === 'starting' || machine.state === 'stopping'
  const live = running ? child : null
  const byUnit = machine.state === 'external' ? unit : null
  return {
    id: service.id,
    title: service.title,
    kind: service.kind,
    state: machine.state,
    wanted: machine.wanted,
    optional: service.optional,
    health: machine.health,
    since: supervisor.since,
    reason: supervisor.outdated
      ? `${machine.reason} Its definition in site.yaml has changed since it was started: restart it to apply that.`
      : machine.reason,
    event: supervisor.facts.last?.id ?? null,
    needs: Object.entries(service.needs).map(([id, condition]) => ({ service: id, condition, met: met[id] ?? false })),
    dependents: [...dependents],
    uses: Object.entries(service.uses).map(([dependency, use]) => ({
      dependency,
      required: use === 'required',
      reachable: !reach(dependency)?.open,
    })),
    phase: service.phase,
    pid: byUnit ? byUnit.pid : (live?.identity?.pid ?? null),
    startedAt: live?.startedAt ?? null,
    adopted: machine.adopted && live !== null,
    ports: { ...resolvePorts(service, variables) },
    restarts: machine.restarts,
    attempt: machine.attempt,
    nextStartAt: supervisor.nextStartAt,
    lastExit: lastExit(supervisor),
    probes: probesOf(supervisor, site),
    hooks: hooksOf(supervisor),
    cpu: live ? (usage?.cpu ?? null) : null,
    memory: byUnit ? byUnit.memory : live ? (usage?.memory ?? null) : null,
    processes: live ? (usage?.processes ?? (live.identity ? 1 : 0)) : 0,
    unit,
    command: orUnresolved(() => shownCommand(service, definition, variables), service.run.join(' ')),
    cwd: orUnresolved(() => resolveCwd(service, definition, variables), service.cwd),
    pages: orUnresolved(() => [...resolvePages(service, definition, variables)], []),
  }
}

function lastExit({ lastEnd }: Supervisor): ServiceView['lastExit'] {
  if (!lastEnd) return null
  const { at, code, signal, sentence } = lastEnd
  return { at, code, signal, sentence: `It ${sentence}.` }
}

function hooksOf({ service, machine }: Supervisor): ServiceView['hooks'] {
  return hookNames.flatMap((name) => {
    const hook = service.hooks[name]
    if (!hook) return []
    return [{ name, command: hook.run.join(' '), timeoutMs: hook.timeoutMs, runs: machine.hook === name }]
  })
}

function probesOf({ service, machine, probes }: Supervisor, { definition, variables }: SiteNow): ServiceView['probes'] {
  return (['startup', 'readiness', 'liveness'] satisfies ProbeName[]).flatMap((name) => {
    const probe = service.probes[name]
    if (!probe) return []
    const last = probes.last(name)
    const { verdict } = machine.signals[name]
    return [
      {
        name,
        what: orUnresolved(
          () => checkWords(resolveProbe(probe, service, definition, variables).check),
          checkWords(probe.check),
        ),
        passing: verdict === 'unknown' ? null : verdict === 'passing',
        answer: last?.last?.sentence ?? 'not asked yet',
        at: last?.last?.at ?? null,
        ms: last?.last?.ms ?? null,
        failures: last?.failures ?? 0,
      },
    ]
  })
}

/** A service whose references cannot be resolved is shown all the same; starting it says what is wrong. */
function orUnresolved<T>(resolved: () => T, fallback: T): T {
  try {
    return resolved()
  } catch {
    return fallback
  }
}
