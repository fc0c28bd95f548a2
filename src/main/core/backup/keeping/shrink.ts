import type { Snapshot } from '../repository/snapshot-file.ts'

/** A source that lost more than this share of its bytes from one snapshot to the next is an alert. */
export const shrinkShare = 0.3

/** What shrinks are looked for in. */
export type Measured = Pick<Snapshot, 'id' | 'at' | 'kind' | 'bytes' | 'partial'>

/** A site that became much smaller, and has not grown back. */
export interface Shrink {
  readonly kind: 'full' | 'data'
  /** The first small snapshot, and the last large one before it. */
  readonly from: string
  readonly before: string
  /** 0 to 1: what share of the bytes is missing since. */
  readonly share: number
  /** When the first small one was taken, wall-clock milliseconds. */
  readonly at: number
}

/**
 * Finds the newest shrink of each kind of snapshot that is not made up for and that nobody has said to be right. `accepted`: ids of
 * first small snapshots of which an operator said so. Partial snapshots count for nothing: what they lack has another reason.
 */
export function shrinksOf(snapshots: readonly Measured[], accepted: ReadonlySet<string>): readonly Shrink[] {
  return (['full', 'data'] as const).flatMap((kind) => {
    const oldestFirst = snapshots
      .filter((each) => each.kind === kind && !each.partial)
      .toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    const newest = oldestFirst.at(-1)
    for (let n = oldestFirst.length - 1; n > 0; n--) {
      const [before, after] = [oldestFirst[n - 1], oldestFirst[n]]
      if (!before || !after || !newest) continue
      if (accepted.has(after.id)) return []
      const isSmaller = (bytes: number) => bytes < before.bytes * (1 - shrinkShare)
      if (!isSmaller(after.bytes) || !isSmaller(newest.bytes)) continue
      return [{ kind, from: after.id, before: before.id, share: 1 - newest.bytes / before.bytes, at: after.at }]
    }
    return []
  })
}
