import type { Clock, Machine } from '#core/platform/index.ts'

/** A moment by the wall clock and by the machine's uptime. */
export interface TimeMark {
  readonly wall: number
  readonly boot: string
  readonly uptimeMs: number
}

/** At most so much is believed to have passed while the machine was off: its clock may have been set meanwhile. */
export const mostWhileOffMs = 24 * 60 * 60 * 1_000

export function markNow(clock: Clock, machine: Machine): TimeMark {
  const { id, uptimeMs } = machine.boot()
  return { wall: clock.wall(), boot: id, uptimeMs }
}

/**
 * Milliseconds that have surely passed between two moments. While the machine runs its uptime says it, whatever the wall clock
 * does; across a start there is only the wall clock, believed for a day at most and never backwards.
 */
export function passedBetween(earlier: TimeMark, later: TimeMark): number {
  if (earlier.boot === later.boot) return Math.max(0, later.uptimeMs - earlier.uptimeMs)
  return Math.min(mostWhileOffMs, Math.max(0, later.wall - earlier.wall))
}
