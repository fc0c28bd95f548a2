import { isDeepStrictEqual } from 'node:util'
import type { RouteDefinition, RouteTarget } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { DeviceTable } from './devices/device-table.ts'
import { Expressions } from './expressions.ts'
import { memoryHolding } from './holding/holding.ts'
import { IncomingMessage } from './incoming-message.ts'
import type { RouteLedger, TargetLedger } from './ledger.ts'
import type { LookupTables } from './lookup/lookup-tables.ts'
import type { MessageProperties } from './message-properties.ts'
import type { RefusedRoute, Report, RouteReport, TopicsSince } from './protocol.ts'
import type { Recorder } from './recording/recorder.ts'
import { compileRoute, type RouteChain, type RouteParts } from './route-chain.ts'
import { checkRoutes } from './route-check.ts'
import type { Sender } from './sender.ts'
import type { TapRing } from './tap-ring.ts'
import type { Quarantine, Target } from './targets.ts'
import { TopicTable } from './topic-table.ts'
import { RouteTrail } from './trail/route-trail.ts'

/** Makes the target that one entry of a route's `to` names. */
export type TargetFactory = (route: RouteDefinition, to: RouteTarget, ledger: TargetLedger) => Target

/**
 * Takes every message through the routes that match it, in one pass, and keeps the ledger. Nothing in here waits, and a message that
 * no route needs decoded is not decoded.
 */
export class Router {
  readonly #expressions: Expressions
  readonly #table = new TopicTable()
  readonly #message = new IncomingMessage()
  readonly #quarantine: Quarantine
  readonly #makeTarget: TargetFactory
  readonly #taps: TapRing
  readonly #recorder: Recorder | undefined
  /** What the routes did with the newest messages. */
  readonly trail = new RouteTrail()
  readonly #clock: Clock
  readonly #holdingOf: RouteParts['holdingOf']
  readonly #devices: DeviceTable | undefined
  readonly #functions: RouteParts['functions']
  #chains: readonly RouteChain[] = []
  /** The broker that each route listens to. */
  #listens: ReadonlyMap<string, string | null> = new Map()
  /** The broker that routes mean which name none. */
  #home: string | null = null
  #received = 0
  #quarantined = 0

  constructor(parts: {
    readonly quarantine: Quarantine
    readonly makeTarget: TargetFactory
    readonly taps: TapRing
    /** Keeps what recordings want. */
    readonly recorder?: Recorder
    readonly clock: Clock
    readonly tables?: LookupTables
    /** Keeps what waits in the stages of a route; without it that is in memory alone. */
    readonly holdingOf?: RouteParts['holdingOf']
    /** Runs the functions of routes. */
    readonly functions?: RouteParts['functions']
    /** Hears the devices that topics tell of. */
    readonly devices?: DeviceTable
  }) {
    this.#expressions = new Expressions(parts.tables)
    this.#quarantine = {
      hold: (route, message, reason) => {
        this.#quarantined++
        parts.quarantine.hold(route, message, reason, this.#listens.get(route) ?? null)
      },
    }
    this.#makeTarget = parts.makeTarget
    this.#taps = parts.taps
    this.#recorder = parts.recorder
    this.#clock = parts.clock
    this.#holdingOf = parts.holdingOf ?? (() => memoryHolding)
    this.#devices = parts.devices
    this.#functions = parts.functions
  }

  /**
   * Takes over new routes between two messages. A route whose definition did not change keeps its place, its queues and its
   * ledger; of one that changed or went, what is queued is still delivered. `home` is the broker of routes that name none. Gives back the routes that could not be loaded.
   */
  load(definitions: readonly RouteDefinition[], home: string | null = null): readonly RefusedRoute[] {
    this.#home = home
    const wanted = definitions.filter((route) => route.on)
    const refused = new Map<string, string>()
    for (const problem of checkRoutes(wanted)) {
      if (!refused.has(problem.route)) refused.set(problem.route, problem.message)
    }
    const before = new Map(this.#chains.map((chain) => [chain.definition.id, chain]))
    const chains: RouteChain[] = []
    for (const route of wanted) {
      if (refused.has(route.id)) continue
      const old = before.get(route.id)
      if (old && isDeepStrictEqual(old.definition, route)) {
        chains.push(old)
        continue
      }
      const compiled = compileRoute(route, {
        expressions: this.#expressions,
        quarantine: this.#quarantine,
        clock: this.#clock,
        holdingOf: this.#holdingOf,
        functions: this.#functions,
        later: ({ at, topicName, sender }, definition, result, reason, stage) =>
          this.trail.note(at, topicName, definition, result, reason, stage, sender),
        targetOf: (to, ledger) => this.#makeTarget(route, to, ledger),
      })
      if ('chain' in compiled) chains.push(compiled.chain)
      else refused.set(route.id, compiled.mistake)
    }
    this.#listens = new Map(wanted.map(({ id, broker }) => [id, broker ?? home]))
    this.#table.load(chains)
    const kept = new Set(chains)
    for (const chain of this.#chains) if (!kept.has(chain)) chain.retire()
    this.#chains = chains
    return [...refused].map(([route, reason]) => ({ route, reason }))
  }

  /** Takes one message of a broker through every route that matches its topic there. `at` is wall-clock milliseconds; `sender` published it, null where that is not known. */
  take(
    topic: string,
    payload: Buffer,
    qos: 0 | 1 | 2,
    retained: boolean,
    at: number,
    brought: MessageProperties | null = null,
    broker: string | null = this.#home,
    sender: Sender | null = null,
  ): void {
    this.#received++
    const { levels, chains } = this.#table.see(topic, at, retained)
    const tapped = this.#taps.active
      ? this.#taps.push(topic, payload, qos, retained, at, brought, broker, sender)
      : undefined
    if (this.#recorder?.active) this.#recorder.take(topic, payload, qos, retained, at, brought, broker, sender)
    const hears = this.#devices?.active === true
    if (chains.length === 0 && !hears) return
    const message = this.#message
    message.hold(topic, levels, payload, at, retained, qos, brought, sender)
    if (hears) this.#devices?.take(message, broker)
    for (const chain of chains) {
      if ((chain.definition.broker ?? this.#home) !== broker) continue
      const result = chain.take(message)
      const reason = result === 'quarantined' ? chain.ledger.lastError : null
      this.trail.note(at, topic, chain.definition, result, reason, chain.meter.endedAt, sender)
      if (tapped !== undefined) tapped.routes.push({ route: chain.definition.id, result })
    }
  }

  /** Takes a message through one route alone, as on its first way; false when that route is not loaded. */
  takeAgain(
    route: string,
    topic: string,
    payload: Buffer,
    at: number,
    brought: MessageProperties | null = null,
    sender: Sender | null = null,
  ): boolean {
    const chain = this.#chains.find(({ definition }) => definition.id === route)
    if (!chain) return false
    this.#message.hold(topic, topic.split('/'), payload, at, false, 1, brought, sender)
    chain.take(this.#message)
    return true
  }

  /** Filters on a broker's own topics (`$…`) that the routes listen to; a subscription to "#" does not cover them. */
  reservedFilters(broker: string | null = this.#home): readonly string[] {
    const filters = new Map<string, Set<string>>()
    for (const { source, definition } of this.#chains) {
      if ((definition.broker ?? this.#home) !== broker) continue
      const root = source.filter?.levels[0]
      if (source.filter && root?.startsWith('$')) {
        const known = filters.get(root) ?? new Set()
        filters.set(root, known.add(source.filter.text))
      }
    }
    // Overlapping subscriptions may bring a message twice, so several on one root become one on all of it.
    return [...filters].map(([root, texts]) => {
      const [only] = texts
      return texts.size === 1 && only !== undefined ? only : `${root}/#`
    })
  }

  /** The counters of the whole; topics only when they changed since the last report. */
  report(): Report {
    return {
      received: this.#received,
      quarantined: this.#quarantined,
      topics: this.#table.takeBusiest(),
      topicsHidden: this.#table.hidden,
    }
  }

  /** How many routes are loaded. */
  get size(): number {
    return this.#chains.length
  }

  /**
   * The counters of the routes from this place up to that one, as far as they changed since they were told last; those of stages are
   * more, and told when they are asked for.
   */
  reportRoutes(from = 0, to = this.size, withStages = false): RouteReport {
    const chains = this.#chains.slice(from, to)
    return {
      routes: chains.flatMap((chain) => chain.ledger.takeChanged() ?? []),
      stages: withStages ? chains.flatMap(({ meter }) => meter.takeChanged() ?? []) : [],
    }
  }

  /** Topics seen after a sighting; 0: all that are listed. */
  topicsSince(sighting: number): TopicsSince {
    return this.#table.since(sighting)
  }

  /** Gives what waits for its turn to the functions that it still has to go through. */
  flushLimits(): void {
    for (const chain of this.#chains) chain.flushLimit()
  }

  /** Sends on what waits for its turn: nothing comes in any more. */
  close(): void {
    for (const chain of this.#chains) chain.close()
  }

  /** The routes that are loaded, by their ids. */
  routes(): ReadonlyMap<string, RouteChain> {
    return new Map(this.#chains.map((chain) => [chain.definition.id, chain]))
  }

  /** Every route's ledger as it stands. */
  ledgers(): readonly RouteLedger[] {
    return this.#chains.map((chain) => chain.ledger)
  }
}
