import type { Delivery, DeliveryFailure } from './delivery.ts'
import type { OutboxLane } from './outbox-lane.ts'
import type { OutboxRow, PriorityRank } from './outbox-rows.ts'

/** Rows that a target sends when its turn comes, by priority: the urgent get most of the way, and nobody is left out. */
const share: Readonly<Record<PriorityRank, number>> = { 0: 64, 1: 32, 2: 16, 3: 4 }

export interface TurnsHooks {
  answered(lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure | null): void
  /** Whether nobody wants a row any more. */
  isOver(row: OutboxRow): boolean
  /** Such a row came to its turn, and was not sent. */
  over(lane: OutboxLane, row: OutboxRow): void
}

/** Those that have something to send on one way, taking turns. */
export class Turns implements Disposable {
  readonly #delivery: Delivery
  readonly #hooks: TurnsHooks
  #lanes: OutboxLane[] = []
  #scheduled: NodeJS.Immediate | undefined
  #held = false

  constructor(delivery: Delivery, hooks: TurnsHooks) {
    this.#delivery = delivery
    this.#hooks = hooks
  }

  /** Gives a lane its turn, after those that wait for theirs. */
  add(lane: OutboxLane): void {
    if (!lane.isReady) {
      lane.isReady = true
      this.#lanes.push(lane)
    }
    this.#schedule()
  }

  /** Lets nobody send while on. */
  hold(on: boolean): void {
    this.#held = on
    if (!on) this.#schedule()
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#scheduled)
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#send()
    })
  }

  #send(): void {
    while (!this.#held && this.#delivery.room() > 0) {
      const lane = this.#lanes.shift()
      if (!lane) return
      if (lane.pausedUntil > performance.now()) {
        // It comes again by itself when its pause is over.
        lane.turn = 0
        lane.isReady = false
        continue
      }
      if (lane.turn === 0) lane.turn = share[lane.priority]
      while (lane.turn > 0 && this.#sendNext(lane)) lane.turn--
      // Whom the way has no room for now goes on where it stopped.
      if (lane.turn > 0 && lane.hasNext) this.#lanes.unshift(lane)
      else if (lane.hasNext) this.#lanes.push(lane)
      else {
        lane.turn = 0
        lane.isReady = false
      }
    }
  }

  #sendNext(lane: OutboxLane): boolean {
    const row = this.#delivery.room() > 0 ? lane.next() : undefined
    if (!row) return false
    if (this.#hooks.isOver(row)) {
      this.#hooks.over(lane, row)
      return true
    }
    this.#delivery.deliver(row, lane.address, (failure) => {
      this.#hooks.answered(lane, row, failure)
      if (this.#lanes.length > 0) this.#schedule()
    })
    return true
  }
}
