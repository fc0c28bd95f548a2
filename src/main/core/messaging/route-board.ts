import type { Attention } from '#core/attention/index.ts'
import type { RouteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { RouteView } from '#shared/contract/state.ts'
import { batchInWords } from './batch-stage.ts'
import { messagingEvents } from './event-kinds.ts'
import { sumOfCalls } from './function/call-ledger.ts'
import { FunctionWatch } from './function/function-watch.ts'
import { functionView } from './function/function-words.ts'
import { isDurable, RouteLedger } from './ledger.ts'
import { limitInWords } from './limit-stage.ts'
import type { RefusedRoute, RouteCounts, TargetCounts } from './protocol.ts'
import { Rate } from './rate.ts'
import { TargetWatch } from './target-watch.ts'

/** The rate of a route that was not told of for this long is worked out without it: no more than every second report leaves it out. */
const unheardMs = 375

/** A route that failed counts as recovered after this long without another failure. */
const calmMs = 60_000

export interface RouteBoardParts {
  readonly slice: Slice<RouteView>
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
}

interface Shown {
  definition: RouteDefinition
  readonly hasWebhook: boolean
  /** What earlier threads, or the route before it was changed, have counted is not carried over; what a crash lost is. */
  carried: RouteCounts
  counts: RouteCounts
  rate: Rate
  perSecond: number
  refused: string | null
  errors: number
  failingSince: number | null
  lastErrorAt: number
  /** Messages in a circle that were told of, and when that last was. */
  looped: number
  loopedAt: number | null
}

/** The routes as they are shown: counters from the data plane, rates, and which of them fail. */
export class RouteBoard {
  readonly #parts: RouteBoardParts
  readonly #targets: TargetWatch
  readonly #functions: FunctionWatch
  readonly #shown = new Map<string, Shown>()

  constructor(parts: RouteBoardParts) {
    this.#parts = parts
    this.#targets = new TargetWatch(parts)
    this.#functions = new FunctionWatch(parts)
  }

  /** Shows the routes of a definition. A route that did not change keeps its counters; a changed one begins anew. */
  define(routes: readonly RouteDefinition[]): void {
    const wanted = new Set(routes.map((route) => route.id))
    for (const [id, shown] of this.#shown) {
      if (wanted.has(id)) continue
      this.#settle(shown, 'the route was removed')
      this.#targets.look(id, [])
      this.#functions.look(id, null, null)
      this.#shown.delete(id)
      this.#parts.slice.delete(id)
    }
    for (const route of routes) {
      const old = this.#shown.get(route.id)
      if (old && same(old.definition, route)) continue
      if (old) this.#settle(old, 'the route was changed')
      if (old?.hasWebhook) this.#targets.look(route.id, [])
      if (old) this.#functions.look(route.id, null, null)
      const none = new RouteLedger(route).counts()
      const shown: Shown = {
        definition: route,
        hasWebhook: route.to.some(({ kind }) => kind === 'webhook'),
        carried: none,
        counts: none,
        rate: new Rate(),
        perSecond: 0,
        refused: null,
        errors: 0,
        failingSince: null,
        lastErrorAt: 0,
        looped: 0,
        loopedAt: null,
      }
      this.#shown.set(route.id, shown)
      this.#show(shown)
    }
  }

  /** Marks the routes that the router did not load. */
  refuse(refused: readonly RefusedRoute[]): void {
    const reasons = new Map(refused.map(({ route, reason }) => [route, reason]))
    for (const [id, shown] of this.#shown) {
      const reason = reasons.get(id) ?? null
      if (reason === shown.refused) continue
      shown.refused = reason
      if (reason !== null) {
        this.#parts.events.emit({
          kind: messagingEvents.routeRefused,
          subject: `route:${id}`,
          severity: 'error',
          message: `Route ${id} was not loaded: ${reason}`,
          cause: { type: 'observation', what: 'the router checked the routes before loading them' },
        })
      }
      this.#show(shown)
    }
  }

  /** Takes counters that changed. */
  report(changed: readonly RouteCounts[]): void {
    const now = this.#parts.clock.monotonic()
    for (const counts of changed) {
      const shown = this.#shown.get(counts.id)
      if (!shown || counts.targets.length !== shown.carried.targets.length) continue
      if (shown.rate.lastAt === null) shown.rate.wake(shown.counts.received, now)
      shown.counts = sum(shown.carried, counts)
      shown.perSecond = shown.rate.observe(shown.counts.received, now)
      if (shown.hasWebhook) this.#targets.look(shown.definition.id, shown.counts.targets)
      this.#functions.look(shown.definition.id, shown.definition.map, shown.counts.calls)
      this.#tellOfCircle(shown)
      this.#judge(shown)
      this.#show(shown)
    }
  }

  /** What goes on where nothing is counted: rates come down, failures get old. Called a few times a second. */
  turn(): void {
    const now = this.#parts.clock.monotonic()
    for (const shown of this.#shown.values()) {
      if (shown.hasWebhook) this.#targets.look(shown.definition.id, shown.counts.targets)
      const { lastAt } = shown.rate
      if (lastAt === null || now - lastAt < unheardMs) continue
      const perSecond = shown.rate.observe(shown.counts.received, now)
      if (perSecond === 0) shown.rate.rest()
      if (perSecond === shown.perSecond) continue
      shown.perSecond = perSecond
      this.#show(shown)
    }
    this.#forgive()
  }

  /** The data plane crashed: what its queues held is lost, and counted so. What the outbox holds is not. */
  crashed(): void {
    for (const shown of this.#shown.values()) {
      const { held } = shown.counts
      const secured = Math.min(held, shown.counts.secured)
      const targets = shown.counts.targets.map((target, index) => {
        const to = shown.definition.to[index]
        const kept = to !== undefined && isDurable(to) ? target.queued : 0
        const lost = target.queued - kept + held - secured
        if (lost === 0) return target
        const lastError = 'the router ended with messages in its queue'
        return { ...target, queued: kept, dropped: target.dropped + lost, lastError }
      })
      shown.carried = { ...shown.counts, held: secured, secured, targets }
      shown.counts = shown.carried
      this.#judge(shown)
      this.#show(shown)
    }
  }

  /** Begins or prolongs a streak of failures. */
  #judge(shown: Shown): void {
    const errors =
      shown.counts.quarantined +
      shown.counts.targets.reduce((all, target) => all + target.dropped + target.quarantined, 0)
    if (errors <= shown.errors) return
    shown.errors = errors
    shown.lastErrorAt = this.#parts.clock.monotonic()
    if (shown.failingSince !== null) return
    shown.failingSince = this.#parts.clock.wall()
    const { id } = shown.definition
    const why =
      shown.counts.lastError ?? shown.counts.targets.find((target) => target.lastError)?.lastError ?? 'unknown'
    const { cause } = this.#parts.events.emit({
      kind: messagingEvents.routeFailing,
      subject: `route:${id}`,
      severity: 'warning',
      message: `Route ${id} could not handle a message: ${why}.`,
      cause: { type: 'observation', what: `a message on ${shown.definition.from}` },
      data: { reason: why },
    })
    this.#parts.attention.raise({
      id: `route-failing:${id}`,
      subject: `route:${id}`,
      severity: 'warning',
      title: `Route ${id} cannot handle some messages`,
      why: `${why.charAt(0).toUpperCase()}${why.slice(1)}. What it could not handle is in quarantine or was dropped, and is counted.`,
      fixes: [{ label: 'Look at the messages', action: { type: 'go-to', page: 'messages' } }],
      cause,
      dismissible: true,
    })
  }

  /** Tells of messages that go round in a circle, once for as long as it lasts. */
  #tellOfCircle(shown: Shown): void {
    const more = shown.counts.looped - shown.looped
    if (more <= 0) return
    const now = this.#parts.clock.monotonic()
    const isNews = shown.loopedAt === null || now - shown.loopedAt >= calmMs
    shown.looped = shown.counts.looped
    shown.loopedAt = now
    if (!isNews) return
    const { id, from } = shown.definition
    this.#parts.events.emit({
      kind: messagingEvents.routeCircle,
      subject: `route:${id}`,
      severity: 'warning',
      message: `Messages that reach route ${id} may be going round in a circle through other consoles or bridges: they had been passed on too often, and are in quarantine.`,
      cause: { type: 'observation', what: `a message on ${from}` },
      data: { messages: more },
    })
  }

  #forgive(): void {
    const now = this.#parts.clock.monotonic()
    for (const shown of this.#shown.values()) {
      if (shown.failingSince !== null && now - shown.lastErrorAt >= calmMs) {
        this.#settle(shown, `no failure for ${calmMs / 1000} s`)
      }
    }
  }

  #settle(shown: Shown, what: string): void {
    if (shown.failingSince === null) return
    shown.failingSince = null
    const { id } = shown.definition
    const { cause } = this.#parts.events.emit({
      kind: messagingEvents.routeRecovered,
      subject: `route:${id}`,
      severity: 'info',
      message: `Route ${id} no longer fails: ${what}.`,
      cause: { type: 'observation', what },
    })
    this.#parts.attention.clear(`route-failing:${id}`, cause)
  }

  #show(shown: Shown): void {
    const { definition, counts, refused } = shown
    this.#parts.slice.set(definition.id, {
      id: definition.id,
      from: definition.from,
      ...(definition.broker !== undefined && { broker: definition.broker }),
      title: definition.title,
      on: definition.on,
      received: counts.received,
      perSecond: shown.perSecond,
      filtered: counts.filtered,
      limit: definition.limit === null ? null : limitInWords(definition.limit),
      limited: counts.limited,
      held: counts.held,
      batch: definition.batch === null ? null : batchInWords(definition.batch),
      merged: counts.merged,
      quarantined: counts.quarantined,
      function: functionView(definition.map, counts.calls),
      refused,
      targets: counts.targets.map((target) => ({ ...target, carried: (target.carried ?? 0) + (counts.restored ?? 0) })),
      lastError: refused ?? counts.lastError,
      lastAt: counts.lastAt,
    })
  }
}

function same(a: RouteDefinition, b: RouteDefinition): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function sum(carried: RouteCounts, counts: RouteCounts): RouteCounts {
  // Waited on the disk when a thread ended and does so no longer: it had gone on, and that had not been told.
  const wentOn = counts.restored === null ? 0 : Math.max(0, carried.held - counts.restored)
  return {
    id: counts.id,
    received: carried.received + counts.received,
    filtered: carried.filtered + counts.filtered,
    limited: carried.limited + counts.limited,
    held: counts.held + (counts.restored === null ? carried.held : 0),
    secured: counts.secured + (counts.restored === null ? carried.secured : 0),
    merged: carried.merged + counts.merged,
    restored: (carried.restored ?? 0) + (counts.restored === null ? 0 : Math.max(0, counts.restored - carried.held)),
    quarantined: carried.quarantined + counts.quarantined,
    looped: carried.looped + counts.looped,
    lastAt: counts.lastAt ?? carried.lastAt,
    lastError: counts.lastError ?? carried.lastError,
    calls: sumOfCalls(carried.calls, counts.calls),
    targets: counts.targets.map((target, index) => {
      const before = carried.targets[index]
      return before ? sumOfTarget(before, target, wentOn) : target
    }),
  }
}

/** What was in the outbox when a thread ended is there again for the next, apart from what had been delivered and not been told. */
function sumOfTarget(before: TargetCounts, now: TargetCounts, wentOn: number): TargetCounts {
  const found = now.carried
  const more = found === null ? 0 : Math.max(0, found - before.queued)
  // What went on and was not told of is in the outbox now, or has been delivered.
  const intoOutbox = Math.min(more, wentOn)
  return {
    ...now,
    delivered:
      now.delivered +
      before.delivered +
      (found === null ? 0 : Math.max(0, before.queued - found)) +
      wentOn -
      intoOutbox,
    queued: now.queued + (found === null ? before.queued : 0),
    dropped: now.dropped + before.dropped,
    expired: now.expired + before.expired,
    passedOver: now.passedOver + before.passedOver,
    quarantined: now.quarantined + before.quarantined,
    merged: now.merged + before.merged,
    carried: (before.carried ?? 0) + more - intoOutbox,
    lastError: now.lastError ?? before.lastError,
  }
}
