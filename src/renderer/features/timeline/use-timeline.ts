import { useMemo, useSyncExternalStore } from 'react'
import type { EventFilter } from '#shared/event-filter.ts'
import { usePage } from '../../state/page-context.ts'
import { useStream } from '../../state/use-stream.ts'
import { TimelineReader, type TimelineView } from './timeline-reader.ts'

/** The events that a filter lets through, read in both directions and followed. */
export function useTimeline(filter: EventFilter): { readonly reader: TimelineReader; readonly view: TimelineView } {
  const { link } = usePage()
  const key = JSON.stringify(filter)
  const reader = useMemo(() => {
    const wanted: EventFilter = JSON.parse(key)
    return new TimelineReader(async (query) => await link.calls.events.page({ ...wanted, ...query }))
  }, [link, key])
  const view = useSyncExternalStore(
    useMemo(() => (listener: () => void) => reader.onChange(listener), [reader]),
    () => reader.view,
  )
  useStream('events.tail', filter, {
    // The page is asked for behind the stream, so that nothing happens between the two unseen.
    onBegin: () => queueMicrotask(() => reader.begin()),
    onBatch: (events, skipped) => reader.live(events, skipped),
  })
  return { reader, view }
}
