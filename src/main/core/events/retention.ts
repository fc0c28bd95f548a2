/** How many events are kept. No rule looks at the clock: a clock that jumped would remove what it must not. */
export interface EventLimits {
  /** The newest events of any severity. */
  readonly most: number
  /** Events of warning and up that are older than those. */
  readonly mostNotable: number
  /** Bytes in use of the database that they are in; above it events are given up until `fewest` are left. */
  readonly mostBytes: number
  readonly fewest: number
}

export const defaultLimits: EventLimits = {
  most: 1_000_000,
  mostNotable: 200_000,
  mostBytes: 1024 ** 3,
  fewest: 10_000,
}

/** What the log holds. */
export interface EventCounts {
  /** Indexed events, of which `kept` are older than the newest `most` and kept for their severity. */
  readonly indexed: number
  readonly kept: number
  readonly bytesInUse: number
}

/**
 * The next small step. `pass`: the oldest events that are not passed yet are passed, those below warning removed. `drop`: the oldest of
 * those kept for their severity are removed.
 */
export type RetentionStep = { readonly act: 'pass' | 'drop'; readonly events: number }

/** What is to be given up next, oldest first; null when everything is within its limits. */
export function nextStep(counts: EventCounts, limits: EventLimits, atMost: number): RetentionStep | null {
  const newest = counts.indexed - counts.kept
  if (newest > limits.most) return { act: 'pass', events: Math.min(atMost, newest - limits.most) }
  if (counts.kept > limits.mostNotable) {
    return { act: 'drop', events: Math.min(atMost, counts.kept - limits.mostNotable) }
  }
  if (counts.bytesInUse <= limits.mostBytes || counts.indexed <= limits.fewest) return null
  const events = Math.min(atMost, counts.indexed - limits.fewest)
  // In the proportion of the limits, so that a small database has both a recent past and its old faults.
  const keptShare = limits.mostNotable / (limits.most + limits.mostNotable)
  return { act: counts.kept > counts.indexed * keptShare || newest <= limits.fewest ? 'drop' : 'pass', events }
}
