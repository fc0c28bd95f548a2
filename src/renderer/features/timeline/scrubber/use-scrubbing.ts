import { type KeyboardEvent, useRef } from 'react'
import { rangeBetween, type SeqRange } from '../event-filter.ts'
import type { EventSpan } from './event-span.ts'
import type { SeenRange } from './seen-range.ts'
import type { PlacedBucket, TimeScale } from './time-scale.ts'

/** A page of buckets, for PageUp and PageDown. */
const pageOf = 12

/** The pointer on the scrubber: pressed and dragged it goes there, with Shift or at a handle it selects. */
export function useDrag({
  scale,
  range,
  onGo,
  onRange,
}: {
  readonly scale: TimeScale
  readonly range: SeqRange | null
  readonly onGo: (seq: number | null) => void
  readonly onRange: (range: SeqRange | null) => void
}) {
  const doing = useRef<'nothing' | 'go' | { readonly fixed: number }>('nothing')
  const move = (x: number) => {
    const seq = scale.seqAt(x)
    if (doing.current === 'go') onGo(seq)
    else if (doing.current !== 'nothing') onRange(rangeBetween(doing.current.fixed, seq))
  }
  return {
    /** A handle was taken; the other end stays. Comes before `begin`, as the event bubbles. */
    grab: (fixed: number) => {
      doing.current = { fixed }
    },
    begin: (x: number, shift: boolean) => {
      if (doing.current !== 'nothing') return
      // With a span already there, Shift moves its nearer end.
      const seq = scale.seqAt(x)
      const far = range && (Math.abs(seq - range.from) < Math.abs(seq - range.to) ? range.to : range.from)
      doing.current = shift ? { fixed: far ?? seq } : 'go'
      move(x)
    },
    move,
    end: () => {
      doing.current = 'nothing'
    },
  }
}

/** Arrow keys go from bar to bar, Page keys a dozen, Home to the beginning, End to the newest; with Shift they select. */
export function useKeyboard({
  scale,
  whole,
  seen,
  onGo,
  onRange,
}: {
  readonly scale: TimeScale
  readonly whole: EventSpan
  readonly seen: SeenRange
  readonly onGo: (seq: number | null) => void
  readonly onRange: (range: SeqRange | null) => void
}) {
  // Where the keys have led, while the list is still on its way; and where the span began that they select.
  const head = useRef<{ readonly seq: number; readonly anchor: number | null } | null>(null)
  return (event: KeyboardEvent) => {
    const steps = stepsOf(event.key)
    if (event.key === 'Escape' && head.current?.anchor != null) {
      head.current = null
      onRange(null)
      event.preventDefault()
      return
    }
    if (steps === null || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    const inView = seen.seen?.newest
    const newest = Math.max(whole.newest?.seq ?? 0, inView?.seq ?? 0)
    const going = head.current
    const arrived = !going || inView?.seq === going.seq
    const at = arrived || !event.shiftKey ? (inView?.seq ?? newest) : going.seq
    const seq = stepped(scale.buckets, at, steps, newest)
    const anchor = event.shiftKey ? (going?.anchor ?? at) : null
    head.current = { seq, anchor }
    if (anchor !== null) onRange(rangeBetween(anchor, seq))
    onGo(seq >= newest && !event.shiftKey ? null : seq)
  }
}

function stepsOf(key: string): number | null {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return -1
    case 'ArrowRight':
    case 'ArrowUp':
      return 1
    case 'PageDown':
      return -pageOf
    case 'PageUp':
      return pageOf
    case 'Home':
      return Number.NEGATIVE_INFINITY
    case 'End':
      return Number.POSITIVE_INFINITY
    default:
      return null
  }
}

/** The last event of the bucket so many buckets away. */
function stepped(buckets: readonly PlacedBucket[], seq: number, steps: number, newest: number): number {
  if (steps === Number.POSITIVE_INFINITY) return newest
  const own = buckets.findIndex(({ bucket }) => seq <= bucket.lastSeq)
  const from = own === -1 ? buckets.length : own
  const to = Math.max(0, from + steps)
  if (steps === Number.NEGATIVE_INFINITY) return buckets[0]?.bucket.firstSeq ?? 0
  return buckets[to]?.bucket.lastSeq ?? newest
}
