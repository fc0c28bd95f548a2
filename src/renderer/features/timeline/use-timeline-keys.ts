import type { RefObject } from 'react'
import type { VirtualListHandle } from '../../components/virtual-list.tsx'
import type { SeenRange } from './scrubber/seen-range.ts'
import type { TimelineReader, TimelineView } from './timeline-reader.ts'
import type { TimelineRow } from './timeline-rows.ts'
import { useKeys } from './use-keys.ts'
import type { Selection } from './use-selection.ts'

/** How many events a page key goes. */
const pageKey = 15

/** The keys of the timeline; `keys-hint.tsx` tells them. */
export function useTimelineKeys({
  reader,
  view,
  rows,
  list,
  selection,
  seen,
  oldest,
}: {
  readonly reader: TimelineReader
  readonly view: TimelineView
  readonly rows: readonly TimelineRow[]
  readonly list: RefObject<VirtualListHandle | null>
  readonly selection: Selection
  readonly seen: SeenRange
  readonly oldest: number | undefined
}) {
  const move = (by: number) => {
    const { events } = view.window
    const at = events.findIndex(({ id }) => id === selection.id)
    const first = events.findIndex(({ id }) => id === seen.seen?.newest.id)
    const next = events[at === -1 ? Math.max(0, first) : Math.max(0, Math.min(events.length - 1, at + by))]
    if (!next) return
    selection.select(next, false)
    // Or Enter would press the button that had the focus before.
    list.current?.focus()
    list.current?.toRow(
      rows.findIndex(({ key }) => key === next.id),
      'near',
    )
  }
  const open = () => {
    const event = view.window.events.find(({ id }) => id === selection.id)
    if (event) selection.select(event, true)
  }
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    PageDown: () => move(pageKey),
    PageUp: () => move(-pageKey),
    Home: () => reader.now(),
    End: () => void reader.jump(oldest ?? 1, 'centre'),
    n: () => reader.now(),
    Enter: open,
    Escape: selection.clear,
    c: () => void selection.toCause(),
    e: () => void selection.toEffects(),
  })
}
