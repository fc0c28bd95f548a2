import type { Delivery, DeliveryFailure } from './delivery.ts'
import type { OutboxLane } from './outbox-lane.ts'
import type { OutboxRow, PriorityRank } from './outbox-rows.ts'

/** Rows that a target sends when its turn comes, by priority: the urgent get most of the way, and nobody is left out. */
const share: Readonly<Record<PriorityRank, number>> = { 0: 64, 1: 32, 2: 16, 3: 4 }

/** Those that have something to send on one way, taking turns. */
export class Turns implements Disposable {
  readonly #delivery: Delivery
  readonly #answered: (lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure | null) => void
  #lanes: OutboxLane[] = []
  #scheduled: NodeJS.Immediate | undefined

  constructor(
    delivery: Delivery,
    answered: (lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure | null) => void,
  ) {
    this.#delivery = delivery
    this.#answered = answered
  }

  /** Gives a lane its turn, after those that wait for theirs. */
  add(lane: OutboxLane): void {
    if (!lane.isReady) {
      lane.isReady = true
      this.#lanes.push(lane)
    }
    this.#schedule()
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
    while (this.#delivery.room() > 0) {
      const lane = this.#lanes.shift()
      if (!lane) return
      lane.isReady = false
      for (let left = share[lane.priority]; left > 0 && this.#delivery.room() > 0; left--) {
        const row = lane.next()
        if (!row) break
        this.#delivery.deliver(row, lane.address, (failure) => {
          this.#answered(lane, row, failure)
          if (this.#lanes.length > 0) this.#schedule()
        })
      }
      if (lane.hasNext) {
        lane.isReady = true
        this.#lanes.push(lane)
      }
    }
  }
}
