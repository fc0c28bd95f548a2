import type { SiteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import { type Clock, delay, type Logger, type Processes } from '#core/platform/index.ts'
import type { Proof, ServiceUnits } from '#core/units/index.ts'
import type { ServiceProcesses, SignalName } from '#shared/contract/processes.ts'
import type { ServiceAction } from '#shared/contract/services.ts'
import type { Touch } from '#shared/contract/shared-schemas.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause, Health } from '#shared/vocabulary.ts'
import type { Arrivals } from './arrivals.ts'
import { type CurrentSite, enabledIn, known, loaded, type SiteNow } from './current-site.ts'
import { serviceEvents } from './event-kinds.ts'
import { logFilesOf } from './launch-plan.ts'
import type { Leftovers, TakenUp } from './leftovers.ts'
import type { LimitWatch } from './limit-watch.ts'
import { assertPlannable, inPhases, startSet, stopSet } from './planner.ts'
import { previewAction } from './preview.ts'
import { processesOf } from './process-view.ts'
import { proveReady } from './prove-ready.ts'
import type { ServiceSet } from './service-set.ts'
import { sendSignal } from './service-signal.ts'
import { standingOfStart, standingOfStop } from './standing.ts'
import type { StartTimings } from './start-timings.ts'
import { stopInOrder } from './stop-order.ts'
import type { Supervisor } from './supervisor.ts'
import type { Coordinator, Order, PhasePlan, ServicesOutcome } from './types.ts'

export interface SiteCoordinatorPorts {
  readonly directory: string
  readonly services: ServiceSet
  readonly limits: LimitWatch
  readonly units: ServiceUnits
  readonly leftovers: Leftovers
  readonly records: Disposable
  readonly arrivals: Arrivals
  readonly timings: StartTimings
  readonly logWatch: Disposable
  readonly turns: Disposable
  readonly processes: Processes
  readonly events: EventLog
  readonly clock: Clock
  readonly logger: Logger
  /** What `${…}` stands for now, following the release in use. */
  readonly site: CurrentSite
}

/** An emergency stop is answered after at most this long, whatever the kernel still holds. Milliseconds. */
const emergencyMs = 1_800

export class SiteCoordinator implements Coordinator {
  readonly #ports: SiteCoordinatorPorts
  /** Definitions are taken one after the other; what services do meanwhile is not held up. */
  #defining: Promise<void> = Promise.resolve()
  #emergencyStops = 0
  readonly #stopOrders = new Map<string, string | null>()
  /** How often each service was ordered to stop. */
  readonly #halts = new Map<string, number>()
  #takeUpWaits: Cause | null = null
  #takingUp: Promise<TakenUp> | null = null

  constructor(ports: SiteCoordinatorPorts) {
    this.#ports = ports
  }

  get emergencyStops(): number {
    return this.#emergencyStops
  }

  define(definition: SiteDefinition): Promise<void> {
    const defined = this.#defining.then(() => this.#define(definition))
    this.#defining = defined.catch(() => {})
    return defined
  }

  async takeUp(cause: Cause): Promise<TakenUp> {
    const { leftovers, services, site } = this.#ports
    if (site.definition === null) {
      // Without a definition nobody can say which of them to keep: they go on running until there is one.
      this.#takeUpWaits = cause
      return { adopted: [], stopped: [], gone: [] }
    }
    this.#takeUpWaits = null
    this.#takingUp ??= leftovers
      .takeUp((id) => services.get(id), cause)
      .finally(() => {
        this.#takingUp = null
      })
    return this.#takingUp
  }

  async start(wanted: readonly string[] | 'all', order: Order): Promise<ServicesOutcome> {
    const { services, arrivals, site, leftovers, timings, clock } = this.#ports
    if (leftovers.runs.length > 0 || this.#takingUp) await this.takeUp(order.cause)
    const definition = loaded(site.definition)
    const named = wanted === 'all' ? enabledIn(definition) : wanted
    for (const id of named) known(definition, id)
    const set = startSet(definition, named).filter((id) => named.includes(id) || definition.services[id]?.enabled)
    const isHalted = this.#haltsFromNow()
    if (this.#haveUnits(definition, set)) await this.#refreshUnits(definition, set)
    const wantedStill = set.filter((id) => !isHalted(id))
    const claims = this.#claim(wantedStill)
    const from = clock.monotonic()
    timings.rank(definition)
    for (const id of wantedStill) {
      services.get(id)?.dispatch({ type: 'start', named: wanted !== 'all' && wanted.includes(id) }, order)
    }
    try {
      // What is optional holds nobody up, unless it was asked for itself.
      const awaited = set.filter(
        (id) => (wanted !== 'all' && wanted.includes(id)) || !definition.services[id]?.optional,
      )
      const outcome = await arrivals.all(awaited, (id, walked) => standingOfStart(id, services.peer, walked), order)
      const optional = set.flatMap((id) => (awaited.includes(id) ? [] : this.#notThere(id)))
      const path = timings.measured(definition, from)
      return { ...outcome, ...(optional.length > 0 && { optional }), ...(path && { path }) }
    } catch (error) {
      // Called off: what still waits is not wanted any more; what is already starting is let be.
      for (const id of set) {
        const supervisor = services.get(id)
        const isWaiting = supervisor?.machine.state === 'waiting' && supervisor.intent === claims.get(id)
        if (isWaiting) supervisor.dispatch({ type: 'stop' }, order)
      }
      throw error
    }
  }

  async stop(unwanted: readonly string[] | 'all', order: Order): Promise<ServicesOutcome> {
    const { leftovers, site } = this.#ports
    if (this.#takingUp) await this.#takingUp
    if (unwanted === 'all' && leftovers.runs.length > 0) await leftovers.end(order.cause)
    if (site.definition === null && unwanted === 'all') return { done: [], failed: [] }
    const definition = loaded(site.definition)
    const named = unwanted === 'all' ? Object.keys(definition.services) : unwanted
    for (const id of named) known(definition, id)
    const stopped = stopSet(definition, named)
    for (const id of stopped) this.#stopOrders.set(id, order.operation)
    this.#halt(stopped)
    return stopInOrder(definition, stopped, this.#claim(stopped), order, this.#ports)
  }

  async stopAlone(service: string, order: Order): Promise<ServicesOutcome> {
    const { leftovers, site } = this.#ports
    if (leftovers.runs.length > 0 || this.#takingUp) await this.takeUp(order.cause)
    const definition = loaded(site.definition)
    known(definition, service)
    this.#halt([service])
    return stopInOrder(definition, [service], this.#claim([service]), order, this.#ports)
  }

  prove(service: string, withinMs: number, order: Order): Promise<Proof> {
    known(loaded(this.#ports.site.definition), service)
    const { services, arrivals, clock } = this.#ports
    return proveReady({
      service,
      withinMs,
      services,
      arrivals,
      clock,
      start: (signal) => this.start([service], { ...order, signal }),
    })
  }

  stopOrder(service: string): string | null {
    return this.#stopOrders.get(service) ?? null
  }

  async restart(service: string, order: Order): Promise<ServicesOutcome> {
    const { services, arrivals, site } = this.#ports
    known(loaded(site.definition), service)
    const supervisor = services.get(service)
    const state = supervisor?.machine.state
    if (!supervisor || (state !== 'running' && state !== 'starting')) return this.start([service], order)
    const isHalted = this.#haltsFromNow()
    if (supervisor.service.unit !== null) await this.#refreshUnits(loaded(site.definition), [service])
    if (!isHalted(service)) {
      supervisor.intent++
      supervisor.dispatch({ type: 'restart' }, order)
    }
    return arrivals.all([service], (id, walked) => standingOfStart(id, services.peer, walked), order)
  }

  async emergencyStop(cause: Cause): Promise<{ readonly killed: number; readonly ms: number }> {
    const { services, leftovers, processes, events, clock, arrivals } = this.#ports
    const began = clock.monotonic()
    this.#emergencyStops++
    const all = services.all()
    const everything = all.map(({ service }) => service.id)
    this.#claim(everything)
    this.#halt(everything)
    const event = events.emit({
      kind: serviceEvents.emergencyStop,
      subject: 'site',
      severity: 'warning',
      message: 'Emergency stop: everything is killed at once.',
      cause,
    })
    const children = all.flatMap(({ running }) => running)
    const marked = leftovers.marked()
    const families = processes.families(children.flatMap(({ identity }) => identity ?? []))
    const told = new Set(leftovers.runs.map(({ run }) => run))
    let killed = leftovers.killNow(marked)
    for (const { identity, run, killNow } of children) {
      killed += killNow([
        ...((identity !== null && families.get(identity.pid)) || []),
        ...((run !== null && marked.get(run)) || []),
      ])
      if (run !== null) told.add(run)
    }
    // Commands of recovery, of probes and of checks: nothing of the site goes on.
    for (const [run, processesOf] of marked) {
      if (told.has(run)) continue
      for (const identity of processesOf) if (processes.signal(identity, 'SIGKILL')) killed++
    }
    for (const supervisor of all) supervisor.dispatch({ type: 'kill' }, { cause: event.cause, operation: null })

    const ids = all.map(({ service }) => service.id)
    const enough = new AbortController()
    const leftMs = emergencyMs - (clock.monotonic() - began)
    await Promise.race([
      arrivals.all(ids, (id) => standingOfStop(id, services.peer, false), { signal: enough.signal }),
      delay(clock, Math.max(0, leftMs), enough.signal),
    ]).finally(() => enough.abort())
    return { killed, ms: Math.round(clock.monotonic() - began) }
  }

  excuse(service: string, order: Pick<Order, 'cause' | 'operation'>): Disposable {
    const { services, site } = this.#ports
    known(loaded(site.definition), service)
    return services.get(service)?.excuse(order) ?? { [Symbol.dispose]: () => {} }
  }

  report(service: string, health: Health, sentence: string): void {
    const supervisor = this.#ports.services.get(service)
    if (supervisor?.machine.state === 'running') supervisor.report(health, sentence)
  }

  preview(action: ServiceAction, service?: string): Touch {
    const { services, site } = this.#ports
    const definition = loaded(site.definition)
    if (service !== undefined) known(definition, service)
    return previewAction(action, service, definition, (id) => {
      const supervisor = services.get(id)
      return { state: supervisor?.machine.state ?? 'stopped', title: supervisor?.service.title ?? id }
    })
  }

  holdRestarts(why: string | null, cause: Cause): void {
    this.#ports.services.hold(why, { cause, operation: null })
  }

  phasesOf(services: readonly string[] | 'all'): readonly PhasePlan[] {
    const definition = loaded(this.#ports.site.definition)
    const named = services === 'all' ? enabledIn(definition) : services
    return inPhases(
      definition,
      startSet(definition, named).filter((id) => named.includes(id) || definition.services[id]?.enabled),
    )
  }

  outdated(): readonly string[] {
    return this.#ports.services.all().flatMap((supervisor) => (supervisor.outdated ? [supervisor.service.id] : []))
  }

  wanted(): readonly string[] {
    return this.#ports.services
      .all()
      .filter(({ service, machine }) => machine.wanted && service.kind !== 'external')
      .map(({ service }) => service.id)
  }

  processes(service: string): ServiceProcesses {
    const { limits, processes, clock } = this.#ports
    const { supervisor, site } = this.#supervised(service)
    const standings = limits.standings(supervisor.service)
    return processesOf(supervisor, { site, processes, limits: standings, now: clock.wall() })
  }

  signal(service: string, signal: SignalName, cause: Cause): { readonly sentence: string } {
    return sendSignal(this.#supervised(service).supervisor, signal, cause, this.#ports)
  }

  logFiles(service: string): { readonly out: string; readonly err: string } {
    known(loaded(this.#ports.site.definition), service)
    return logFilesOf(service, this.#ports.site.variables)
  }

  async release(): Promise<void> {
    await this.#defining
    const { logWatch, turns, services, arrivals, records } = this.#ports
    logWatch[Symbol.dispose]()
    turns[Symbol.dispose]()
    await services[Symbol.asyncDispose]()
    records[Symbol.dispose]()
    arrivals.changed() // answers the orders that were still under way
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  #supervised(service: string): { readonly supervisor: Supervisor; readonly site: SiteNow } {
    known(loaded(this.#ports.site.definition), service)
    const supervisor = this.#ports.services.get(service)
    const site = this.#ports.site.now
    if (supervisor && site) return { supervisor, site }
    throw new ConsoleError('service-not-ready', `${service} is only being taken up.`, 'Try again in a moment.', {
      retryable: true,
    })
  }

  async #define(definition: SiteDefinition): Promise<void> {
    assertPlannable(definition)
    const { services, site, arrivals, timings } = this.#ports
    const cause: Cause = { type: 'console', why: 'site.yaml changed' }
    const removed = services.all().filter(({ service }) => {
      const kind = definition.services[service.id]?.kind
      return kind === undefined || kind !== service.kind // another kind is another service of the same name
    })
    const ids = removed.map(({ service }) => service.id)
    if (site.definition) {
      await stopInOrder(site.definition, ids, this.#claim(ids), { cause, operation: null }, this.#ports)
    }
    for (const id of ids) await services.remove(id, { comesAgain: Object.hasOwn(definition.services, id) })
    for (const id of ids) this.#stopOrders.delete(id)
    site.use(definition)
    await site.refresh()
    services.take(definition)
    // What somebody else runs from now on goes on being watched, when it was wanted before.
    for (const { service, machine } of removed) {
      if (machine.wanted) services.get(service.id)?.observeOnly({ cause, operation: null })
    }
    timings.expect(definition)
    arrivals.changed()
    if (this.#takeUpWaits) await this.takeUp(this.#takeUpWaits)
  }

  #halt(ids: readonly string[]): void {
    for (const id of ids) this.#halts.set(id, (this.#halts.get(id) ?? 0) + 1)
  }

  /** Tells of a service whether it was ordered to stop after this call: a start that was looking something up must not undo that. */
  #haltsFromNow(): (id: string) => boolean {
    const before = new Map(this.#halts)
    return (id) => this.#halts.get(id) !== before.get(id)
  }

  #haveUnits({ services }: SiteDefinition, ids: readonly string[]): boolean {
    return ids.some((id) => (services[id]?.unit ?? null) !== null)
  }

  /** Whether their units run them must be true of this moment. */
  async #refreshUnits({ services }: SiteDefinition, ids: readonly string[]): Promise<void> {
    await this.#ports.units.refresh(ids.flatMap((id) => services[id] ?? []))
  }

  /** An optional service that is not there after a start, with the reason. */
  #notThere(service: string): readonly { readonly service: string; readonly reason: string }[] {
    const { peer } = this.#ports.services
    return standingOfStart(service, peer).at === 'goal'
      ? []
      : [{ service, reason: peer(service)?.machine.reason ?? '' }]
  }

  /** The newest command on a service counts. */
  #claim(ids: readonly string[]): ReadonlyMap<string, number> {
    const claims = new Map<string, number>()
    for (const id of ids) {
      const supervisor = this.#ports.services.get(id)
      if (supervisor) claims.set(id, ++supervisor.intent)
    }
    return claims
  }
}
