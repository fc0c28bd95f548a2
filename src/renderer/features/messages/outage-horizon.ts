import type { OutboxPage, RouteView } from '#shared/contract/index.ts'

export interface Horizon {
  /** Milliseconds until the outbox is full when everything goes on as it does now; null: nothing comes in. */
  readonly ms: number | null
  /** What is reached first. */
  readonly bound: 'messages' | 'size'
}

/**
 * When the outbox would be full if nothing were delivered from now on: what its routes take in a second, against what is left of the number
 * of messages and of their size. Messages are reckoned as large as those that wait are on average.
 */
export function outageHorizon({ targets, bounds }: OutboxPage, perSecond: number): Horizon {
  const rows = targets.reduce((sum, target) => sum + target.rows, 0)
  const bytes = targets.reduce((sum, target) => sum + target.bytes, 0)
  if (perSecond <= 0) return { ms: null, bound: 'messages' }
  const byRows = Math.max(0, bounds.rows - rows) / perSecond
  const each = rows === 0 ? 0 : bytes / rows
  const bySize = each === 0 ? Number.POSITIVE_INFINITY : Math.max(0, bounds.bytes - bytes) / (perSecond * each)
  return { ms: Math.min(byRows, bySize) * 1_000, bound: bySize < byRows ? 'size' : 'messages' }
}

/** Messages a second that routes hand to the outbox: what a route receives and lets through, for each target that waits for a confirmation. */
export function intoOutbox(routes: readonly RouteView[], targets: OutboxPage['targets']): number {
  return routes.reduce((sum, route) => {
    const its = targets.filter((target) => target.route === route.id).length
    const through = route.received === 0 ? 1 : 1 - (route.filtered + route.limited + route.quarantined) / route.received
    return sum + route.perSecond * Math.max(0, through) * its
  }, 0)
}
