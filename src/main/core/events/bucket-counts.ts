import { severities } from '#shared/vocabulary.ts'
import type { Axis } from './span-axis.ts'
import type { EventBucket } from './types.ts'

/** Events of one severity that lie in one slot of time: a minute, or a bucket of the axis. */
export interface CountedGroup {
  readonly slot: number
  readonly severity: number
  readonly count: number
  readonly first: number
  readonly last: number
}

interface OpenBucket {
  firstSeq: number
  lastSeq: number
  readonly counts: number[]
}

/** Adds up groups of events per bucket of an axis. */
export class BucketCounts {
  readonly axis: Axis
  readonly #buckets = new Map<number, OpenBucket>()

  constructor(axis: Axis) {
    this.axis = axis
  }

  /** The bucket that a time lies in. */
  slotOf(at: number): number {
    return Math.floor((at - this.axis.start) / this.axis.bucketMs)
  }

  /** `slot` is the number of the bucket. */
  add({ slot, severity, count, first, last }: CountedGroup): void {
    const bucket = this.#buckets.get(slot) ?? { firstSeq: first, lastSeq: last, counts: severities.map(() => 0) }
    this.#buckets.set(slot, bucket)
    bucket.firstSeq = Math.min(bucket.firstSeq, first)
    bucket.lastSeq = Math.max(bucket.lastSeq, last)
    bucket.counts[severity] = (bucket.counts[severity] ?? 0) + count
  }

  get total(): number {
    return [...this.#buckets.values()].reduce((sum, { counts }) => counts.reduce((all, count) => all + count, sum), 0)
  }

  get firstSeq(): number | null {
    return this.#buckets.size === 0 ? null : Math.min(...[...this.#buckets.values()].map(({ firstSeq }) => firstSeq))
  }

  get lastSeq(): number | null {
    return this.#buckets.size === 0 ? null : Math.max(...[...this.#buckets.values()].map(({ lastSeq }) => lastSeq))
  }

  buckets(): readonly EventBucket[] {
    const { start, bucketMs } = this.axis
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([slot, { firstSeq, lastSeq, counts }]) => ({ at: start + slot * bucketMs, firstSeq, lastSeq, counts }))
  }
}
