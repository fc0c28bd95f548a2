import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import type { Distances, VirtualListHandle } from '../../components/virtual-list.tsx'
import type { TimelineReader, TimelineView } from './timeline-reader.ts'
import { rowOfSeq, type TimelineRow } from './timeline-rows.ts'

/** Closer than this to an end of the list, the next page is read. Pixels. */
const ahead = 1_200

/** The list was scrolled: it follows at its top and nowhere else, and is read on where it ends. */
export function scrolled(reader: TimelineReader, { fromStart, fromEnd }: Distances): void {
  const { following, window } = reader.view
  if (fromStart > 24) reader.hold()
  else if (fromStart <= 2 && !following && window.newerFrom === null) reader.now()
  if (fromEnd < ahead) void reader.older()
  if (fromStart < ahead) void reader.newer()
}

/** Keeps the list where it is to be: at the newest while it follows, else at the place that was gone to; and reads on where it ends. */
export function useListPlace({
  reader,
  view,
  rows,
  list,
}: {
  readonly reader: TimelineReader
  readonly view: TimelineView
  readonly rows: readonly TimelineRow[]
  readonly list: RefObject<VirtualListHandle | null>
}) {
  const { place, following, window, loading, problem, state } = view
  const gone = useRef<TimelineView['place']>(null)
  useLayoutEffect(() => {
    if (following && rows.length > 0) list.current?.toStart()
    else if (place && place !== gone.current) list.current?.toRow(rowOfSeq(rows, place.seq), place.align)
    gone.current = place
  }, [place, following, rows, list])
  useEffect(() => {
    if (state !== 'ready' || loading !== null || problem || window.olderFrom === null) return
    if ((list.current?.distances()?.fromEnd ?? 0) < ahead) void reader.older()
  }, [reader, window, loading, problem, state, list])
}
