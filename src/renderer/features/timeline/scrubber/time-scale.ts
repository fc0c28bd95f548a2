import type { EventSpan, SpanBucket } from './event-span.ts'

/** A stretch of the axis: filled with buckets, or an empty time that is drawn shorter than it was. */
export interface Stretch {
  readonly empty: boolean
  /** Wall-clock milliseconds. */
  readonly from: number
  readonly to: number
  /** Pixels. */
  readonly left: number
  readonly right: number
}

/** A bucket with its place. Pixels. */
export interface PlacedBucket {
  readonly bucket: SpanBucket
  readonly left: number
  readonly right: number
}

/**
 * Where times and sequences lie on the scrubber. Long empty times are cut short, so that what happened keeps its room; inside a bucket
 * the place goes by sequence, so that a busy moment can be walked through.
 */
export interface TimeScale {
  readonly width: number
  readonly bucketMs: number
  readonly stretches: readonly Stretch[]
  readonly buckets: readonly PlacedBucket[]
  /** Where an event lies. */
  xOf(event: { readonly seq: number; readonly at: number }): number
  /** Where a moment lies. */
  xOfTime(at: number): number
  /** The sequence at a place. */
  seqAt(x: number): number
  /** The place of a sequence whose time is not known. */
  xOfSeq(seq: number): number
  /** The bucket at a place, or the nearest one. */
  nearest(x: number): PlacedBucket | undefined
}

/** So many empty buckets in a row are drawn at their length; more are cut short. */
const mostEmpty = 6
/** How wide an empty time is that was cut short, and what share of the width all of them take at most. Pixels. */
const gapWidth = 22
const gapShare = 0.35

export function timeScale(span: EventSpan, width: number): TimeScale {
  const { bucketMs } = span
  const sorted = span.buckets.toSorted((a, b) => a.at - b.at)
  const runs = runsOf(sorted, bucketMs)
  const slots = runs.reduce((sum, run) => sum + run.length, 0)
  const gaps = Math.max(0, runs.length - 1)
  const gap = gaps === 0 ? 0 : Math.min(gapWidth, (width * gapShare) / gaps)
  const slot = slots === 0 ? 0 : (width - gaps * gap) / slots
  const stretches: Stretch[] = []
  const buckets: PlacedBucket[] = []
  let left = 0
  for (const run of runs) {
    const last = stretches.at(-1)
    if (last) {
      stretches.push({ empty: true, from: last.to, to: run.from, left, right: left + gap })
      left += gap
    }
    const right = left + run.length * slot
    stretches.push({ empty: false, from: run.from, to: run.from + run.length * bucketMs, left, right })
    for (const bucket of run.buckets) {
      const at = left + ((bucket.at - run.from) / bucketMs) * slot
      buckets.push({ bucket, left: at, right: at + slot })
    }
    left = right
  }
  const nearest = (x: number) => nearestOf(buckets, x)
  return {
    width,
    bucketMs,
    stretches,
    buckets,
    nearest,
    xOfTime: (at) => xOfTime(stretches, at),
    xOf: ({ seq, at }) => {
      const own = buckets.find(({ bucket }) => at >= bucket.at && at < bucket.at + bucketMs)
      return own ? inBucket(own, seq) : xOfTime(stretches, at)
    },
    xOfSeq: (seq) => {
      const own = buckets.find(({ bucket }) => seq >= bucket.firstSeq && seq <= bucket.lastSeq)
      if (own) return inBucket(own, seq)
      const after = buckets.find(({ bucket }) => bucket.firstSeq > seq)
      return after ? after.left : (buckets.at(-1)?.right ?? 0)
    },
    seqAt: (x) => {
      const at = nearest(x)
      if (!at) return 0
      const share = Math.min(1, Math.max(0, (x - at.left) / (at.right - at.left || 1)))
      return Math.round(at.bucket.firstSeq + share * (at.bucket.lastSeq - at.bucket.firstSeq))
    },
  }
}

/** Buckets without a long empty time between them. `length` counts empty ones as well. */
function runsOf(sorted: readonly SpanBucket[], bucketMs: number) {
  const runs: { from: number; length: number; buckets: SpanBucket[] }[] = []
  for (const bucket of sorted) {
    const run = runs.at(-1)
    const length = run ? Math.round((bucket.at - run.from) / bucketMs) + 1 : 1
    if (run && length - run.length - 1 <= mostEmpty) {
      run.length = Math.max(run.length, length)
      run.buckets.push(bucket)
    } else runs.push({ from: bucket.at, length: 1, buckets: [bucket] })
  }
  return runs
}

function inBucket({ bucket, left, right }: PlacedBucket, seq: number): number {
  const many = bucket.lastSeq - bucket.firstSeq
  const share = many === 0 ? 0.5 : Math.min(1, Math.max(0, (seq - bucket.firstSeq) / many))
  return left + share * (right - left)
}

function xOfTime(stretches: readonly Stretch[], at: number): number {
  const own = stretches.find(({ to }) => at < to)
  if (!own) return stretches.at(-1)?.right ?? 0
  return own.left + Math.max(0, (at - own.from) / (own.to - own.from)) * (own.right - own.left)
}

function nearestOf(buckets: readonly PlacedBucket[], x: number): PlacedBucket | undefined {
  let best: PlacedBucket | undefined
  let distance = Number.POSITIVE_INFINITY
  for (const placed of buckets) {
    const away = x < placed.left ? placed.left - x : x > placed.right ? x - placed.right : 0
    if (away >= distance) continue
    best = placed
    distance = away
  }
  return best
}
