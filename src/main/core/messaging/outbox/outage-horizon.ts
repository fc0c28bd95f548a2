import type { RoutePriority } from '#core/config/index.ts'
import type { Growth } from './lane-flow.ts'
import type { OutboxLane } from './outbox-lane.ts'
import { type OutboxRoom, rankOfPriority } from './outbox-room.ts'

/** How long the outbox can take what its targets do not: an outage may last so long. */
export interface OutageHorizon {
  /** Messages a second by which it grows. */
  readonly perSecond: number
  /** Milliseconds until it is full when that goes on; 0: it is full; null: it does not grow. */
  readonly fullInMs: number | null
  /** Which of its bounds is reached first. */
  readonly bound: 'messages' | 'size'
  /** Whose oldest message goes then; null where none does, as senders wait instead. */
  readonly first: { readonly route: string; readonly priority: RoutePriority } | null
  /** When the first of those that wait comes to the end of its time, wall-clock milliseconds; null: nothing waits. */
  readonly endsAt: number | null
}

/** Works it out; null while it is not known how fast it grows. `at` is monotonic milliseconds. */
export function outageHorizon(lanes: Iterable<OutboxLane>, room: OutboxRoom, at: number): OutageHorizon | null {
  const waiting = [...lanes].filter(({ rows, coming }) => rows + coming > 0)
  const known = waiting.map(({ flow }) => flow.growth(at)).filter((growth) => growth !== null)
  if (waiting.length > 0 && known.length === 0) return null
  const growth = known.reduce((sum, { rows, bytes }) => ({ rows: sum.rows + rows, bytes: sum.bytes + bytes }), {
    rows: 0,
    bytes: 0,
  })
  const first = room.bounds.whenFull === 'refuse' ? null : room.givesWay(waiting, rankOfPriority.critical)
  const ends = waiting.flatMap(({ front }) =>
    front ? [Math.min(front.expiresAt ?? Number.POSITIVE_INFINITY, front.at + room.bounds.ageMs)] : [],
  )
  return {
    ...fullIn(growth, room),
    perSecond: growth.rows,
    first: first && { route: first.route, priority: priorityOf(first) },
    endsAt: ends.length === 0 ? null : Math.min(...ends),
  }
}

function fullIn(growth: Growth, { rows, bytes, bounds, isFull }: OutboxRoom) {
  const byRows = growth.rows > 0 ? (bounds.rows - rows) / growth.rows : Number.POSITIVE_INFINITY
  const bySize = growth.bytes > 0 ? (bounds.bytes - bytes) / growth.bytes : Number.POSITIVE_INFINITY
  const bound = isFull ? (bytes >= bounds.bytes ? 'size' : 'messages') : bySize < byRows ? 'size' : 'messages'
  const seconds = Math.min(byRows, bySize)
  const fullInMs = isFull ? 0 : Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : null
  return { bound, fullInMs } as const
}

function priorityOf({ priority }: OutboxLane): RoutePriority {
  return (['critical', 'high', 'normal', 'low'] as const)[priority]
}
