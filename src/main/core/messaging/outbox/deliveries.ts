import { backoffMs } from '#core/platform/index.ts'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import type { OutboxLane } from './outbox-lane.ts'
import type { OutboxLanes } from './outbox-lanes.ts'
import type { OutboxRow } from './outbox-rows.ts'
import { Turns } from './turns.ts'

/** Pauses after a failed delivery; a way that opens again ends them. */
const pauses = { firstMs: 250, factor: 2, capMs: 30_000 }

/** Times that a target may refuse a message before it goes to quarantine. */
export const mostRefusals = 5

/** Told what becomes of rows that are sent. */
export interface DeliveriesHooks {
  /** Whether nobody wants a row any more. */
  isOver(row: OutboxRow): boolean
  /** What may be sent of a lane runs short, and more of it is on the disk. */
  runsShort(lane: OutboxLane): void
  /** Its target has confirmed it. */
  delivered(lane: OutboxLane, row: OutboxRow): void
  /** It did not arrive, and goes again. */
  failed(lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure): void
  /** Its target has refused it for good. */
  refused(lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure): void
  /** It did not arrive, and a newer one of its key waits: that one goes in its stead. */
  yielded(lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure): void
  /** It came to the end of its time before its turn to be sent. */
  over(lane: OutboxLane, row: OutboxRow): void
}

export interface DeliveriesParts extends DeliveriesHooks {
  readonly lanes: OutboxLanes
  readonly random: () => number
}

/** Sends the rows of all lanes, each on the way of its kind or on one of its own, and decides when what failed is tried again. */
export class Deliveries implements Disposable {
  readonly #parts: DeliveriesParts
  /** Those of one kind that share a way, by kind; and of kinds in which each has its own, by lane. */
  readonly #turns = new Map<string, Turns>()
  readonly #ownTurns = new Map<OutboxLane, Turns>()
  readonly #ownWays = new Map<string, (lane: OutboxLane) => Delivery>()
  readonly #pausing = new Set<NodeJS.Timeout>()
  #held = false
  #closed = false

  constructor(parts: DeliveriesParts) {
    this.#parts = parts
  }

  /** Delivers the rows of targets of this kind. */
  use(kind: string, delivery: Delivery): void {
    this.#turns.set(kind, this.#begin(delivery))
  }

  /** Delivers the rows of each target of this kind on a way of its own, so that none ever waits for another. */
  openEach(kind: string, make: (lane: OutboxLane) => Delivery): void {
    this.#ownWays.set(kind, make)
  }

  /** While on nothing is sent. */
  hold(on: boolean): void {
    this.#held = on
    for (const turns of this.#all()) turns.hold(on)
  }

  /** A way is open again, or has room: who paused because of it need not any longer. */
  wake(kind: string, reopened: boolean): void {
    for (const lane of this.#parts.lanes) {
      if (lane.kind !== kind) continue
      if (reopened) this.tryNow(lane)
      else this.turn(lane)
    }
  }

  /** Tries a lane at once, whatever its pause. */
  tryNow(lane: OutboxLane): void {
    lane.pausedUntil = 0
    lane.rouse(Number.POSITIVE_INFINITY)
    this.turn(lane)
  }

  /** Lets a lane send when it has something, and read when it runs short. */
  turn(lane: OutboxLane): void {
    if (this.#closed) return
    lane.rouse(performance.now())
    if (lane.wantsPage) this.#parts.runsShort(lane)
    if (lane.hasNext && lane.pausedUntil <= performance.now()) this.#turnsOf(lane)?.add(lane)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    for (const turns of this.#all()) turns[Symbol.dispose]()
    for (const timer of this.#pausing) clearTimeout(timer)
  }

  #all(): readonly Turns[] {
    return [...this.#turns.values(), ...this.#ownTurns.values()]
  }

  #begin(delivery: Delivery): Turns {
    const turns = new Turns(delivery, {
      answered: (lane, row, failure) => {
        if (failure === null) this.#delivered(lane, row)
        else this.#failed(lane, row, failure)
      },
      isOver: (row) => this.#parts.isOver(row),
      over: (lane, row) => {
        lane.leave(row)
        this.#parts.over(lane, row)
        this.turn(lane)
      },
    })
    turns.hold(this.#held)
    return turns
  }

  #turnsOf(lane: OutboxLane): Turns | undefined {
    const make = this.#ownWays.get(lane.kind)
    if (make === undefined) return this.#turns.get(lane.kind)
    const turns = this.#ownTurns.get(lane) ?? this.#begin(make(lane))
    this.#ownTurns.set(lane, turns)
    return turns
  }

  #delivered(lane: OutboxLane, row: OutboxRow): void {
    lane.leave(row)
    // After several failures in a row it was the target that was away: its keys need not wait any longer.
    if (lane.failures > 1) lane.rouse(Number.POSITIVE_INFINITY)
    lane.failures = 0
    this.#parts.delivered(lane, row)
    this.turn(lane)
  }

  #failed(lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure): void {
    row.failed++
    row.why = failure.reason
    if (failure.permanent && ++row.attempts >= mostRefusals) {
      lane.leave(row)
      // The target is there and answers: the next message is not to pay for this one.
      lane.failures = 0
      this.#parts.refused(lane, row, failure)
      this.turn(lane)
      return
    }
    const leastMs = failure.retryAfterMs ?? 0
    const ofKey = lane.comeBack(row, (failures) => this.#pauseAfter(failures, leastMs))
    if (ofKey === 'yielded') this.#parts.yielded(lane, row, failure)
    else this.#parts.failed(lane, row, failure)
    if (typeof ofKey === 'number') this.#later(lane, ofKey)
    // A refusal speaks of the message: where others need not wait behind it, they go on.
    if (ofKey !== null && failure.permanent) this.turn(lane)
    else this.#pause(lane, leastMs)
  }

  /** Leaves a lane alone for a while, and for `leastMs` at least; what comes back during a pause makes it no longer by itself. */
  #pause(lane: OutboxLane, leastMs: number): void {
    const left = lane.pausedUntil - performance.now()
    if (this.#closed || (left > 0 && left >= leastMs)) return
    const ms = left > 0 ? leastMs : this.#pauseAfter(++lane.failures, leastMs)
    lane.pausedUntil = performance.now() + ms
    this.#later(lane, ms)
  }

  #pauseAfter(failures: number, leastMs: number): number {
    return Math.max(leastMs, backoffMs(pauses, failures, this.#parts.random()))
  }

  #later(lane: OutboxLane, ms: number): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#pausing.delete(timer)
      this.turn(lane)
    }, ms + 1)
    this.#pausing.add(timer)
  }
}
