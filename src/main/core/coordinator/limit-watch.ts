import type { Attention } from '#core/attention/index.ts'
import type { ServiceDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock, Processes, ProcessIdentity, TreeUsage } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { serviceEvents } from './event-kinds.ts'
import { amountWords, type LimitName, type LimitStanding, limitsOf, standing, withinLimit } from './limit-rule.ts'

export interface LimitWatchPorts {
  readonly events: EventLog
  readonly attention: Attention
  readonly processes: Pick<Processes, 'openFiles'>
  readonly clock: Clock
}

/** What was measured of a service, and whose process that was. */
export interface Sample {
  readonly identity: ProcessIdentity
  readonly usage: TreeUsage
}

interface Watched {
  /** Another process starts anew. */
  readonly process: string
  readonly standings: Map<LimitName, LimitStanding>
  readonly values: Map<LimitName, number>
}

/** Compares what services use with their limits: an event when one is passed for long enough or kept again, and a card meanwhile. */
export class LimitWatch {
  readonly #ports: LimitWatchPorts
  readonly #watched = new Map<string, Watched>()
  /** Services whose card is known not to stand; one of an earlier console may. */
  readonly #cleared = new Set<string>()

  constructor(ports: LimitWatchPorts) {
    this.#ports = ports
  }

  /** Takes a sample of a service; null when it does not run. */
  measured(service: ServiceDefinition, sample: Sample | null): void {
    const { id, limits } = service
    const set = limitsOf(limits)
    const process = sample && `${sample.identity.pid}.${sample.identity.startTicks}`
    const before = this.#watched.get(id)
    if (before && before.process !== process) this.#watched.delete(id)
    if (!sample || process === null || !limits || set.length === 0) {
      this.#watched.delete(id)
      this.#clear(id, { type: 'observation', what: `${id} does not run, or has no limits` })
      return
    }
    const watched = this.#watched.get(id) ?? { process, standings: new Map(), values: new Map() }
    this.#watched.set(id, watched)
    const now = this.#ports.clock.monotonic()
    let changed: Cause | null = null
    for (const { what, most } of set) {
      const value = this.#value(what, sample)
      if (value === null) continue
      watched.values.set(what, value)
      const was = watched.standings.get(what) ?? withinLimit
      const is = standing(was, { value, most, now, forMs: limits.forMs })
      watched.standings.set(what, is)
      if (is.over !== was.over) changed = this.#tell(service, what, most, value, is.over)
    }
    for (const what of watched.standings.keys())
      if (!set.some((limit) => limit.what === what)) watched.standings.delete(what)
    const over = set.filter(({ what }) => watched.standings.get(what)?.over)
    // What is above a limit now may have been so for long enough under an earlier console, whose card then stays.
    const isTurning = set.some(({ what }) => (watched.standings.get(what)?.since ?? null) !== null)
    if (over.length === 0 && (changed || !isTurning))
      this.#clear(id, changed ?? { type: 'observation', what: `${id} is within its limits` })
    else if (changed && over.length > 0) this.#raise(service, over, watched, changed)
  }

  /** How a service stands to each of its limits. */
  standings(service: ServiceDefinition) {
    const watched = this.#watched.get(service.id)
    return limitsOf(service.limits).map(({ what, most }) => ({
      what,
      most,
      now: watched?.values.get(what) ?? null,
      over: watched?.standings.get(what)?.over ?? false,
    }))
  }

  #value(what: LimitName, { identity, usage }: Sample): number | null {
    switch (what) {
      case 'memory':
        return usage.memory
      case 'cpu':
        return usage.cpu
      case 'processes':
        return usage.processes
      case 'open-files':
        return this.#ports.processes.openFiles(identity)
    }
  }

  #tell({ id, limits }: ServiceDefinition, what: LimitName, most: number, value: number, over: boolean): Cause {
    const forMs = limits?.forMs ?? 0
    const event = this.#ports.events.emit({
      kind: over ? serviceEvents.overLimit : serviceEvents.withinLimit,
      subject: `service:${id}`,
      severity: over ? 'warning' : 'info',
      message: over
        ? `${id} uses ${amountWords(what, value)}, for ${spanWords(forMs)} more than its limit of ${amountWords(what, most)}.`
        : `${id} is within its limit again: ${amountWords(what, value)} of at most ${amountWords(what, most)}.`,
      cause: { type: 'observation', what: `what the processes of ${id} use, measured every 2 s` },
      data: { limit: what, value, most, forMs },
    })
    return event.cause
  }

  #raise(
    { id, title }: ServiceDefinition,
    over: readonly { readonly what: LimitName; readonly most: number }[],
    { values }: Watched,
    cause: Cause,
  ): void {
    const evidence = over.map(({ what, most }) => {
      const value = values.get(what) ?? 0
      return `${amountWords(what, value)}, where its limit in site.yaml is ${amountWords(what, most)}`
    })
    this.#cleared.delete(id)
    this.#ports.attention.raise({
      id: limitCardOf(id),
      subject: `service:${id}`,
      severity: 'warning',
      title: `${title} uses more than its limits allow`,
      why: `It used ${evidence.join('; and ')}. Nothing is stopped because of it. A restart frees what has piled up; if it comes back, look at its log, or raise the limit.`,
      fixes: [
        { label: `Restart ${title}`, action: { type: 'restart-service', service: id } },
        { label: 'See its processes', action: { type: 'go-to', page: `/services/${id}` } },
      ],
      cause,
      dismissible: true,
    })
  }

  #clear(id: string, cause: Cause): void {
    if (this.#cleared.has(id)) return
    this.#cleared.add(id)
    this.#ports.attention.clear(limitCardOf(id), cause)
  }
}

/** Id of the card that says that a service uses too much. */
export function limitCardOf(service: string): string {
  return `service-over-limit:${service}`
}

function spanWords(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  return ms < 3_600_000 ? `${Math.round(ms / 6_000) / 10} min` : `${Math.round(ms / 360_000) / 10} h`
}
