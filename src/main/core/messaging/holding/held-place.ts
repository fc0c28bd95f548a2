import type { RouteLedger } from '../ledger.ts'
import type { HeldRow } from './held-rows.ts'

/** A message that waits, and its row where it has one. */
export class Place {
  readonly row: HeldRow | null
  readonly ledger: RouteLedger
  /** Whether its message has gone on, and does not count as waiting any more. */
  isReleased = false
  state: 'on its way' | 'safe' | 'gone' = 'on its way'

  constructor(row: HeldRow | null, ledger: RouteLedger) {
    this.row = row
    this.ledger = ledger
  }
}
