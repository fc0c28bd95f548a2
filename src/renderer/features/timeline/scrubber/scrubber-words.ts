import { count, counted, duration } from '../../../components/figures.ts'
import type { SiteTime } from '../../../components/site-time.ts'
import type { SeqRange } from '../event-filter.ts'
import { type EventSpan, gradesOf, type SpanBucket, totalOf } from './event-span.ts'
import type { Seen } from './seen-range.ts'
import type { TimeScale } from './time-scale.ts'

/** What lies under the pointer: `Mon 2 Mar 2026, 14:00 – 15:00 · 214 events · 3 errors · 1 warning`. */
export function placeWords(scale: TimeScale, x: number, span: EventSpan, format: SiteTime): string {
  const empty = scale.stretches.find((stretch) => stretch.empty && x >= stretch.left && x < stretch.right)
  if (empty) {
    return `Nothing for ${duration(empty.to - empty.from)}, from ${format.shortDay(empty.from)} ${format.minute(empty.from)}`
  }
  const bucket = scale.nearest(x)?.bucket
  if (!bucket) return ''
  const own = span.buckets.find(({ at }) => at + span.bucketMs > bucket.at && at <= bucket.at)
  const grades = gradesOf(own?.counts ?? [])
  const until = bucket.at + span.bucketMs
  const time = span.bucketMs < 60_000 ? format.clock : format.minute
  const sameDay = format.day(bucket.at) === format.day(until)
  return [
    `${format.day(bucket.at)}, ${time(bucket.at)} – ${sameDay ? time(until) : `${format.shortDay(until)} ${time(until)}`}`,
    countWords(totalOf(own?.counts ?? []), bucket, span),
    ...(grades.severe > 0 ? [counted(grades.severe, 'error')] : []),
    ...(grades.warning > 0 ? [counted(grades.warning, 'warning')] : []),
  ].join(' · ')
}

/** A bucket that the count did not reach is not empty, and one that it reached in its middle holds more. */
function countWords(found: number, bucket: SpanBucket, { countedFrom }: EventSpan): string {
  if (countedFrom === null || bucket.firstSeq >= countedFrom) return counted(found, 'event')
  if (found > 0) return bucket.lastSeq < countedFrom ? counted(found, 'event') : `at least ${counted(found, 'event')}`
  return 'not counted'
}

/** "about 200 events"; "at least" where the count did not reach the begin of the span. */
export function aboutWords(range: SeqRange, span: EventSpan): string {
  const partial = span.countedFrom !== null && range.from < span.countedFrom
  return `${partial ? 'at least' : 'about'} ${counted(aboutIn(range, span), 'event')}`
}

/** Where the list is, for whoever does not see the bars. */
export function seenWords(seen: Seen | null, whole: EventSpan, format: SiteTime): string {
  if (!seen) return 'Nothing is in view'
  const { newest } = seen
  return `${format.day(newest.at)} ${format.clock(newest.at)}, event ${count(newest.seq)} of ${count(Math.max(whole.newest?.seq ?? 0, newest.seq))}`
}

/** So many newer events are searched one by one without anybody noticing. */
const noticeable = 5_000

/** What the counts do not cover, or what takes longer, in a sentence; null when there is nothing to say. */
export function coverageWords(
  counts: EventSpan,
  whole: EventSpan,
  searching: boolean,
  format: SiteTime,
): string | null {
  if (counts.countedFrom !== null) {
    const from = momentOf(whole, counts.countedFrom, format)
    return `There was too much to count all of it: the bars show what happened since ${from}. The list has everything.`
  }
  const left = (whole.newest?.seq ?? 0) - whole.indexedTo
  if (!searching || left < noticeable) return null
  const to = whole.indexedTo > 0 ? `covers events up to ${momentOf(whole, whole.indexedTo, format)}` : 'is empty so far'
  return `The index of words ${to}; searching the ${counted(left, 'newer event')} takes longer.`
}

/** How many events lie in a span, as far as the bars know. */
export function aboutIn(range: SeqRange, span: EventSpan): number {
  let sum = 0
  for (const { firstSeq, lastSeq, counts } of span.buckets) {
    const inside = Math.min(range.to, lastSeq) - Math.max(range.from, firstSeq) + 1
    if (inside > 0) sum += (totalOf(counts) * inside) / (lastSeq - firstSeq + 1)
  }
  return Math.round(sum)
}

/** A span between its ends, as far as the bars know their times. */
export function rangeWords(range: SeqRange, span: EventSpan, format: SiteTime): string {
  const from = atOf(span, range.from)
  const to = atOf(span, range.to)
  if (from === null || to === null) return `events ${count(range.from)} to ${count(range.to)}`
  const sameDay = format.day(from) === format.day(to)
  const end = sameDay ? format.clock(to) : `${format.shortDay(to)} ${format.clock(to)}`
  return `${format.shortDay(from)} ${format.clock(from)} – ${end} (${duration(Math.max(0, to - from))})`
}

function momentOf(span: EventSpan, seq: number, format: SiteTime): string {
  const at = atOf(span, seq)
  return at === null ? `number ${count(seq)}` : `${format.shortDay(at)} ${format.clock(at)}`
}

/** About when an event happened, by its bucket. */
function atOf(span: EventSpan, seq: number): number | null {
  const own =
    span.buckets.find(({ firstSeq, lastSeq }) => seq >= firstSeq && seq <= lastSeq) ??
    span.buckets.find(({ firstSeq }) => firstSeq > seq)
  if (!own) return span.newest?.at ?? null
  const many = own.lastSeq - own.firstSeq
  return own.at + (many === 0 ? 0.5 : Math.max(0, (seq - own.firstSeq) / many)) * span.bucketMs
}

/** What the height of the bars means. */
export function heightWords(span: EventSpan): string {
  const most = span.buckets.reduce((high, { counts }) => Math.max(high, totalOf(counts)), 0)
  return `highest bar ${count(most)} in ${duration(span.bucketMs)}`
}
