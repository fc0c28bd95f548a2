import type { RouteDefinition, RouteTarget } from '#core/config/index.ts'
import { CallLedger } from './function/call-ledger.ts'
import type { RouteCounts } from './protocol.ts'

/**
 * Where the messages of one target are: each one that the route passed on, or that the outbox held from before, is delivered, queued,
 * expired, quarantined or dropped, never two of them and never none. Every change of place is one of these calls.
 */
export class TargetLedger {
  readonly name: string
  readonly kind: RouteTarget['kind']
  readonly #route: RouteLedger
  #delivered = 0
  #queued = 0
  #dropped = 0
  #expired = 0
  #passedOver = 0
  #quarantined = 0
  #merged = 0
  /** Null until the outbox has been read; stays 0 where there is none. */
  #carried: number | null
  #lastError: string | null = null
  #failingSince: number | null = null

  /** The entry of the route's `to` that it accounts for. */
  readonly to: RouteTarget

  constructor(route: RouteLedger, target: RouteTarget) {
    this.#route = route
    this.to = target
    this.kind = target.kind
    this.name = nameOf(target)
    this.#carried = isDurable(target) ? null : 0
  }

  get queued(): number {
    return this.#queued
  }

  deliver(): void {
    this.#delivered++
    this.#route.touch()
  }

  /** A message was not for this target. */
  passOver(): void {
    this.#passedOver++
    this.#route.touch()
  }

  enqueue(): void {
    this.#queued++
    this.#route.touch()
  }

  /** `count` queued messages have arrived. */
  settle(count: number): void {
    this.#queued -= count
    this.#delivered += count
    this.#route.touch()
  }

  /** The outbox holds `count` messages from before. */
  carry(count: number): void {
    this.#carried = (this.#carried ?? 0) + count
    this.#queued += count
    this.#route.touch()
  }

  /** `count` queued messages came to the end of their time. */
  expire(count: number): void {
    this.#queued -= count
    this.#expired += count
    this.#route.touch()
  }

  /** A message came to the end of its time before it was ever queued. */
  lapse(): void {
    this.#expired++
    this.#route.touch()
  }

  /** `count` queued messages gave way to newer ones of their key. */
  merge(count: number): void {
    this.#queued -= count
    this.#merged += count
    this.#route.touch()
  }

  /** `count` queued messages were refused by their target for good, and are in quarantine. */
  quarantine(count: number, reason: string): void {
    this.#queued -= count
    this.#quarantined += count
    this.fault(reason)
  }

  /** `count` queued messages are given up. */
  abandon(count: number, reason: string): void {
    this.#queued -= count
    this.#dropped += count
    this.fault(reason)
  }

  /** A message is given up before it was ever queued. */
  refuse(reason: string): void {
    this.#dropped++
    this.fault(reason)
  }

  /** Delivering failed; `at` is wall-clock milliseconds. */
  stall(at: number): void {
    this.#failingSince ??= at
  }

  /** The target has taken a message: it fails no more. */
  flow(): void {
    this.#failingSince = null
  }

  /** Remembers an error that has not, or not yet, cost a message. */
  fault(reason: string): void {
    this.#lastError = reason
    this.#route.fault(reason)
  }

  counts() {
    return {
      name: this.name,
      kind: this.kind,
      delivered: this.#delivered,
      queued: this.#queued,
      dropped: this.#dropped,
      expired: this.#expired,
      passedOver: this.#passedOver,
      quarantined: this.#quarantined,
      merged: this.#merged,
      carried: this.#carried,
      lastError: this.#lastError,
      failingSince: this.#failingSince,
    }
  }
}

/** What became of every message that matched one route. */
export class RouteLedger {
  readonly id: string
  readonly targets: readonly TargetLedger[]
  /** Of the route's function; null without one. */
  readonly calls: CallLedger | null
  #received = 0
  #filtered = 0
  #limited = 0
  #held = 0
  #secured = 0
  #merged = 0
  /** Null until it is known what an earlier run left. */
  #restored: number | null = null
  #quarantined = 0
  #looped = 0
  #lastAt: number | null = null
  #lastError: string | null = null
  #changed = true

  constructor(route: RouteDefinition) {
    this.id = route.id
    this.targets = route.to.map((target) => new TargetLedger(this, target))
    this.calls = route.map === null || typeof route.map === 'string' ? null : new CallLedger(() => this.touch())
  }

  /** The newest error of the route itself or of a target. */
  get lastError(): string | null {
    return this.#lastError
  }

  receive(at: number): void {
    this.#received++
    this.#lastAt = at
    this.#changed = true
  }

  filter(): void {
    this.#filtered++
  }

  /** A message is given up because it came too soon. */
  limit(): void {
    this.#limited++
    this.#changed = true
  }

  /** A message waits until it may go on. */
  hold(): void {
    this.#held++
  }

  /** One that waited goes on. */
  release(): void {
    this.#held--
    this.#changed = true
  }

  /** What of those that wait is on the disk became more, or less. */
  secure(count: number): void {
    this.#secured += count
    this.#changed = true
  }

  /** Messages went on as a part of another. */
  merge(count: number): void {
    this.#merged += count
    this.#changed = true
  }

  /** Null until it is known how many messages of an earlier run wait. */
  get restored(): number | null {
    return this.#restored
  }

  /** So many messages of an earlier run wait. */
  restore(count: number): void {
    this.#restored = (this.#restored ?? 0) + count
    this.#held += count
    this.#changed = true
  }

  /** One of an earlier run is not to be found. */
  miss(reason: string): void {
    this.release()
    for (const target of this.targets) target.refuse(reason)
  }

  quarantine(reason: string): void {
    this.#quarantined++
    this.#lastError = reason
    this.#changed = true
  }

  /** A message had been passed on too often, and goes to quarantine. */
  loop(): void {
    this.#looped++
  }

  fault(reason: string): void {
    this.#lastError = reason
    this.#changed = true
  }

  touch(): void {
    this.#changed = true
  }

  counts(): RouteCounts {
    return {
      id: this.id,
      received: this.#received,
      filtered: this.#filtered,
      limited: this.#limited,
      held: this.#held,
      secured: this.#secured,
      merged: this.#merged,
      restored: this.#restored,
      quarantined: this.#quarantined,
      looped: this.#looped,
      lastAt: this.#lastAt,
      lastError: this.#lastError,
      calls: this.calls?.counts() ?? null,
      targets: this.targets.map((target) => target.counts()),
    }
  }

  /** The counts when they changed since this was last asked, else undefined. */
  takeChanged(): RouteCounts | undefined {
    if (!this.#changed) return undefined
    this.#changed = false
    return this.counts()
  }
}

/** Whether what is delivered there goes through the outbox. */
export function isDurable(target: RouteTarget): boolean {
  return target.kind === 'webhook' || (target.kind === 'mqtt' && target.qos > 0)
}

function nameOf(target: RouteTarget): string {
  switch (target.kind) {
    case 'mqtt':
      return target.broker === undefined ? target.topic : `${target.topic} on ${target.broker}`
    case 'channel':
      return target.channel
    case 'journal':
      return 'journal'
    case 'webhook':
      return target.url
  }
}
