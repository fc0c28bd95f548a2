import type { RouteView } from '#shared/contract/index.ts'

/** What a target was given, what became of it, and what is still under way: in = delivered + queued + dropped + open. */
export interface TargetLedger {
  readonly given: number
  readonly delivered: number
  readonly queued: number
  readonly dropped: number
  /** Given and not yet accounted for. Stays above zero only if something is wrong. */
  readonly open: number
}

/** The ledger of one target of a route: everything that the route received and did not filter, limit, hold or quarantine was given to it. */
export function targetLedger(route: RouteView, target: RouteView['targets'][number]): TargetLedger {
  const given = route.received - route.filtered - route.limited - route.held - route.quarantined
  const { delivered, queued, dropped } = target
  return { given, delivered, queued, dropped, open: given - delivered - queued - dropped }
}
