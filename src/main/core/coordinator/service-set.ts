import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import type { Clock, Processes, TreeUsage } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { ServiceUnits } from '#core/units/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Arrivals } from './arrivals.ts'
import type { SiteNow } from './current-site.ts'
import type { Origin } from './fact-writer.ts'
import type { LimitWatch } from './limit-watch.ts'
import { judgeNeeds, type Peer } from './needs.ts'
import { dependentsOf } from './planner.ts'
import { viewOf } from './service-view.ts'
import type { StartTimings } from './start-timings.ts'
import type { Supervisor } from './supervisor.ts'
import { judgeUses, type ServiceDependencies } from './uses.ts'

export interface ServiceSetPorts {
  readonly slice: Slice<ServiceView>
  readonly processes: Processes
  readonly clock: Clock
  readonly arrivals: Arrivals
  readonly timings: StartTimings
  readonly dependencies: ServiceDependencies
  readonly units: ServiceUnits
  readonly limits: LimitWatch
  readonly create: (service: ServiceDefinition, onChanged: () => void) => Supervisor
  readonly siteNow: () => SiteNow | null
}

/** How often processor and memory use are measured, milliseconds. */
const measureEveryMs = 2_000

/** The supervisors of a site: tells each what became of its needs, and shows them all. */
export class ServiceSet implements AsyncDisposable {
  readonly #ports: ServiceSetPorts
  readonly #supervisors = new Map<string, Supervisor>()
  readonly #usage = new Map<string, TreeUsage>()
  readonly #following: readonly Disposable[]
  #timer: Disposable
  #hold: string | null = null
  #disposed = false

  constructor(ports: ServiceSetPorts) {
    this.#ports = ports
    this.#following = [
      ports.dependencies.onChanged((id) => this.#dependencyChanged(id)),
      ports.units.onChanged((id) => this.#unitChanged(id)),
    ]
    this.#timer = ports.clock.after(measureEveryMs, () => this.#measure())
  }

  get(id: string): Supervisor | undefined {
    return this.#supervisors.get(id)
  }

  all(): readonly Supervisor[] {
    return [...this.#supervisors.values()]
  }

  /** A service as those that need it see it. */
  readonly peer = (id: string): Peer => {
    const found = this.#supervisors.get(id)
    return found && { service: found.service, machine: found.machine }
  }

  /** Holds back what would be started again by itself, or with null no longer: what was held back is started then. */
  hold(why: string | null, origin: Origin): void {
    this.#hold = why
    for (const supervisor of this.all()) supervisor.dispatch({ type: 'hold', why }, origin)
  }

  /** Adds what is new and redefines what stays. What the definition no longer has is removed by {@link remove}. */
  take(definition: SiteDefinition): void {
    for (const service of Object.values(definition.services)) {
      const known = this.#supervisors.get(service.id)
      if (known) known.redefine(service)
      else
        this.#supervisors.set(
          service.id,
          this.#ports.create(service, () => this.#changed(service.id)),
        )
    }
    for (const supervisor of this.all()) {
      if (supervisor.machine.hold !== this.#hold) supervisor.dispatch({ type: 'hold', why: this.#hold })
      this.#tellNeeds(supervisor, null)
    }
    for (const supervisor of this.all()) this.show(supervisor.service.id)
  }

  /** `comesAgain`: another one of this name is taken next, and what is shown stays until then. */
  async remove(id: string, { comesAgain = false } = {}): Promise<void> {
    const supervisor = this.#supervisors.get(id)
    this.#supervisors.delete(id)
    if (!comesAgain) this.#ports.slice.delete(id)
    if (supervisor && !this.#disposed) this.#ports.limits.measured(supervisor.service, null)
    await supervisor?.[Symbol.asyncDispose]()
  }

  /** Shows a service as it is now. */
  show(id: string): void {
    const supervisor = this.#supervisors.get(id)
    const site = this.#ports.siteNow()
    if (!supervisor || !site) return
    const { met } = judgeNeeds(supervisor.service, this.peer)
    const dependents = dependentsOf(site.definition, id)
    this.#ports.slice.set(
      id,
      viewOf(supervisor, {
        site,
        met,
        dependents,
        usage: this.#usage.get(id) ?? null,
        reach: this.#ports.dependencies.reachability,
        unit: this.#ports.units.view(supervisor.service),
      }),
    )
  }

  /** Lets go of all children without stopping them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true // a card of a service that runs on stays
    this.#timer[Symbol.dispose]()
    for (const following of this.#following) following[Symbol.dispose]()
    await Promise.all([...this.#supervisors.keys()].map((id) => this.remove(id)))
  }

  #changed(id: string): void {
    const changed = this.#supervisors.get(id)
    if (!changed) return
    this.#ports.timings.observe(changed)
    this.#tellReport(changed)
    this.show(id)
    const definition = this.#ports.siteNow()?.definition
    for (const other of definition ? dependentsOf(definition, id) : []) {
      const dependent = this.#supervisors.get(other)
      if (!dependent) continue
      const { last, operation } = changed.facts
      this.#tellNeeds(dependent, last && { cause: last.cause, operation })
      this.show(other)
    }
    this.#ports.arrivals.changed()
  }

  /** A breaker opened or closed: those that use its dependency wait, go on or are degraded. */
  #dependencyChanged(id: string): void {
    const cause = this.#ports.dependencies.reachability(id)?.cause
    for (const supervisor of this.all()) {
      if (!Object.hasOwn(supervisor.service.uses, id)) continue
      this.#tellNeeds(supervisor, cause ? { cause, operation: null } : null)
      this.show(supervisor.service.id)
    }
    this.#ports.arrivals.changed()
  }

  /** A unit runs, or does not any more: what the console would start waits, or goes on; what systemd runs is well, or is not. */
  #unitChanged(id: string): void {
    const supervisor = this.#supervisors.get(id)
    if (!supervisor) return
    const what = this.#ports.units.view(supervisor.service)?.sentence ?? 'its unit'
    this.#tellNeeds(supervisor, { cause: { type: 'observation', what }, operation: null })
    this.#tellReport(supervisor)
    this.show(id)
    this.#ports.arrivals.changed()
  }

  /** Of a service that systemd runs, what systemd says is what a builtin says of itself. */
  #tellReport(supervisor: Supervisor): void {
    const { machine, service } = supervisor
    if (machine.state !== 'external' || !machine.wanted) return
    const report = this.#ports.units.report(service)
    if (!report || (machine.report?.sentence === report.sentence && machine.report.health === report.health)) return
    supervisor.report(report.health, report.sentence)
  }

  #tellNeeds(supervisor: Supervisor, because: Origin | null): void {
    const { machine, service } = supervisor
    const needs = judgeNeeds(service, this.peer)
    const uses = judgeUses(service, this.#ports.dependencies.reachability)
    const unmet = needs.unmet ?? uses.unmet ?? this.#ports.units.inTheWay(service)
    const { trouble, generations } = needs
    const renewed = service.follows.some((id) => machine.generations[id] !== generations[id])
    const origin: Origin = because ?? {
      cause: { type: 'console', why: 'site.yaml was taken into use' },
      operation: null,
    }
    if (machine.unmet !== unmet || machine.trouble !== trouble || renewed) {
      supervisor.dispatch({ type: 'needs', unmet, trouble, generations }, origin)
    }
    if (machine.impaired !== uses.impaired) supervisor.dispatch({ type: 'impaired', sentence: uses.impaired }, origin)
  }

  #measure(): void {
    const { processes, clock, limits } = this.#ports
    for (const { service, child } of this.all()) {
      const identity = child?.identity
      const usage = identity ? processes.usage(identity) : undefined
      limits.measured(service, identity && usage ? { identity, usage } : null)
      if (usage) this.#usage.set(service.id, usage)
      else if (!this.#usage.delete(service.id)) continue
      this.show(service.id)
    }
    this.#timer = clock.after(measureEveryMs, () => this.#measure())
  }
}
