import { OutboxLane } from './outbox-lane.ts'

/** All targets of routes for which something waits, or may come to wait. */
export class OutboxLanes implements Iterable<OutboxLane> {
  readonly #lanes = new Map<string, OutboxLane>();

  [Symbol.iterator](): IterableIterator<OutboxLane> {
    return this.#lanes.values()
  }

  find(route: string, target: string): OutboxLane | undefined {
    return this.#lanes.get(keyOf(route, target))
  }

  /** The one of that target, made when there was none yet. */
  of(route: string, target: string): OutboxLane {
    const known = this.find(route, target)
    if (known) return known
    const lane = new OutboxLane(route, target)
    this.#lanes.set(keyOf(route, target), lane)
    return lane
  }
}

function keyOf(route: string, target: string): string {
  return `${route}\n${target}`
}
