import type { OutboxBounds, RoutePriority } from '#core/config/index.ts'
import type { OutboxLane } from './outbox-lane.ts'
import type { OutboxRow, PriorityRank } from './outbox-rows.ts'

export const rankOfPriority: Readonly<Record<RoutePriority, PriorityRank>> = { critical: 0, high: 1, normal: 2, low: 3 }

/** What holds until the site has been read. */
export const firstBounds: OutboxBounds = {
  rows: 1_000_000,
  bytes: 1024 ** 3,
  ageMs: 7 * 86_400_000,
  whenFull: 'drop-lowest',
}

/** How much the outbox holds, and how much it may hold. Rows count from when they are taken until they have left. */
export class OutboxRoom {
  rows = 0
  bytes = 0
  bounds: OutboxBounds = firstBounds

  get isFull(): boolean {
    return this.rows >= this.bounds.rows || this.bytes >= this.bounds.bytes
  }

  enter(rows: number, bytes: number): void {
    this.rows += rows
    this.bytes += bytes
  }

  leave(rows: number, bytes: number): void {
    this.rows -= rows
    this.bytes = Math.max(0, this.bytes - bytes)
  }

  /**
   * Whose oldest message gives way to one of this priority: null when it is the new one that is given up, as everything that waits is more
   * urgent, or when nothing that waits can be given up now.
   */
  givesWay(lanes: Iterable<OutboxLane>, priority: PriorityRank): OutboxLane | null {
    const byPriority = this.bounds.whenFull === 'drop-lowest'
    let found: OutboxLane | null = null
    for (const lane of lanes) {
      const { front } = lane
      if (!front || (byPriority && lane.priority < priority)) continue
      if (found === null || goesBefore(lane, found, byPriority)) found = lane
    }
    return found
  }

  /** Whether nobody wants a message any more. `now` is wall-clock milliseconds. */
  isOver({ at, expiresAt }: OutboxRow, now: number): boolean {
    return (expiresAt !== null && expiresAt <= now) || at + this.bounds.ageMs <= now
  }
}

function goesBefore(a: OutboxLane, b: OutboxLane, byPriority: boolean): boolean {
  if (byPriority && a.priority !== b.priority) return a.priority > b.priority
  return (a.front?.seq ?? 0) < (b.front?.seq ?? 0)
}
