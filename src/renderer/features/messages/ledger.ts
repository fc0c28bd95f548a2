import type { RouteView } from '#shared/contract/index.ts'

/** What a target was given, what became of it, and what is still under way: in = passed over + delivered + queued + merged + expired + quarantined + dropped + open. */
export interface TargetLedger {
  readonly given: number
  readonly delivered: number
  readonly queued: number
  readonly dropped: number
  readonly expired: number
  readonly passedOver: number
  /** Refused by this target for good. */
  readonly quarantined: number
  /** Gave way to newer ones of their key. */
  readonly merged: number
  /** Given and not yet accounted for. Stays above zero only if something is wrong. */
  readonly open: number
}

/** The ledger of one target of a route: everything that the route received and did not filter, limit, hold, merge or quarantine was given to it, and what the outbox held from before. */
export function targetLedger(route: RouteView, target: RouteView['targets'][number]): TargetLedger {
  const { received, filtered, limited, held, quarantined: refused } = route
  const given = target.carried + received - filtered - limited - held - route.merged - refused
  const { delivered, queued, dropped, expired, quarantined, passedOver, merged } = target
  const open = given - passedOver - delivered - queued - dropped - expired - quarantined - merged
  return { given, delivered, queued, dropped, expired, quarantined, passedOver, merged, open }
}
