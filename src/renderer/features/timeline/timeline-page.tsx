import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody, type PanelContent } from '../../components/panel.tsx'
import { useSiteTime, ZoneNote } from '../../components/time.tsx'
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list.tsx'
import { useLinkStatus } from '../../state/use-link.ts'
import { useSite } from '../../state/use-shown.ts'
import { EventDrawer } from './event-drawer.tsx'
import { filterNames, filterOf, rangeOf, type SeqRange } from './event-filter.ts'
import { TimelineLine } from './event-row.tsx'
import { covers } from './event-window.ts'
import { ExportDialog } from './export-dialog.tsx'
import { FilterBar } from './filter-bar.tsx'
import { KeysHint } from './keys-hint.tsx'
import { ListFoot, ListHead } from './list-edges.tsx'
import { ScrubberPanel } from './scrubber/scrubber-panel.tsx'
import { SeenRange } from './scrubber/seen-range.ts'
import { useSpans } from './scrubber/use-span.ts'
import styles from './timeline-page.module.css'
import type { TimelineReader, TimelineView } from './timeline-reader.ts'
import { type TimelineRow, timelineRows } from './timeline-rows.ts'
import { scrolled, useListPlace } from './use-list-place.ts'
import { type Selection, useSelection } from './use-selection.ts'
import { useTimeline } from './use-timeline.ts'
import { useTimelineKeys } from './use-timeline-keys.ts'

/** How many bars the scrubber has at most. */
const buckets = 240

const rowKey = (row: TimelineRow) => row.key
const isEvent = (row: TimelineRow) => row.type === 'event'

/** Everything that happened: over time on the scrubber, one by one in the list, and from each event the way to its cause and effects. */
export default function TimelinePage() {
  // Another site has another log: nothing of the one before stays.
  return <Timeline key={useSite()?.directory} />
}

function Timeline() {
  const [params, setParams] = useSearchParams()
  const filter = filterOf(params)
  const range = rangeOf(params)
  const filtered = Object.keys(filter).length > 0
  const { reader, view } = useTimeline(filter)
  const { events } = view.window
  const spans = useSpans(filter, buckets)
  const format = useSiteTime()
  const rows = useMemo(() => timelineRows(events, format.day), [events, format])
  const selection = useSelection(reader, events)
  const [seen] = useState(() => new SeenRange())
  const list = useRef<VirtualListHandle>(null)
  const [exporting, setExporting] = useState(false)

  const set = useCallback(
    (name: string, value: string | null) => {
      const next = addressed()
      if (value === null || value === '') next.delete(name)
      else next.set(name, value)
      setParams(next, { replace: true })
    },
    [setParams],
  )
  const clear = () => {
    const next = addressed()
    for (const name of filterNames) next.delete(name)
    setParams(next, { replace: true })
  }
  const onRange = useCallback((next: SeqRange | null) => set('span', next && `${next.from}-${next.to}`), [set])
  const onGo = useCallback(
    (seq: number | null) => {
      if (seq === null) reader.now()
      else void reader.jump(seq)
    },
    [reader],
  )
  useListPlace({ reader, view, rows, list })
  useTimelineKeys({ reader, view, rows, list, selection, seen, oldest: spans.whole?.oldest?.seq })
  const onShown = useCallback(
    (first: TimelineRow, last: TimelineRow) => {
      const top = first.type === 'event' ? first : rows[rows.indexOf(first) + 1]
      const end = last.type === 'event' ? last : rows[rows.indexOf(last) - 1]
      if (top?.type === 'event' && end?.type === 'event') seen.show({ newest: top.event, oldest: end.event })
    },
    [rows, seen],
  )

  return (
    <PageFrame
      title="Timeline"
      note={<ZoneNote />}
      actions={
        <>
          <KeysHint />
          <Button leftSection={<IconDownload size={14} />} onClick={() => setExporting(true)}>
            Export…
          </Button>
        </>
      }
      tools={
        <>
          <FilterBar filter={filter} events={events} onSet={set} />
          {filtered && <Button onClick={clear}>Clear filters</Button>}
        </>
      }
      drawer={
        selection.open &&
        selection.id !== undefined && (
          <EventDrawer
            id={selection.id}
            onClose={selection.close}
            onGo={selection.go}
            onCause={() => void selection.toCause()}
            onEffects={() => void selection.toEffects()}
            hiddenByFilter={isHidden(selection, view)}
            focusEffects={selection.focusEffects}
          />
        )
      }
    >
      <ScrubberPanel
        spans={spans}
        searching={filter.text !== undefined}
        seen={seen}
        selected={selection.event}
        range={range}
        onGo={onGo}
        onRange={onRange}
        onExport={() => setExporting(true)}
      />
      <div className={styles.frame} data-stale={useLinkStatus().phase !== 'connected' || undefined}>
        {events.length > 0 && <ListHead seen={seen} view={view} onNow={() => reader.now()} />}
        <PanelBody content={contentOf(view, reader, filtered)}>
          <VirtualList
            rows={rows}
            rowKey={rowKey}
            isPart={isEvent}
            label="Events, newest first"
            selected={selection.id}
            onSelect={(row) => row.type === 'event' && selection.select(row.event, true)}
            ownKeys
            keepsPlace
            handle={list}
            onShown={onShown}
            onScrolled={(place) => scrolled(reader, place)}
          >
            {(row) => <TimelineLine row={row} kinship={selection.kinships.get(row.key)} />}
          </VirtualList>
        </PanelBody>
      </div>
      <ListFoot view={view} reader={reader} note={selection.note} />
      {exporting && (
        <ExportDialog
          filter={filter}
          range={range}
          span={(filtered ? spans.filtered : spans.whole) ?? undefined}
          onClose={() => setExporting(false)}
        />
      )}
    </PageFrame>
  )
}

/** What stands in the address now: two filters that change at the same moment are further than what was drawn last. */
function addressed(): URLSearchParams {
  return new URLSearchParams(window.location.hash.split('?')[1] ?? '')
}

function isHidden({ event }: Selection, { window, state }: TimelineView): boolean {
  return (
    state === 'ready' &&
    event !== undefined &&
    covers(window, event.seq) &&
    !window.events.some(({ id }) => id === event.id)
  )
}

function contentOf(view: TimelineView, reader: TimelineReader, filtered: boolean): PanelContent {
  const { state, problem, window } = view
  if (state === 'failed' && problem) return { state: 'failed', problem, retry: () => reader.again() }
  if (state === 'loading') return { state: 'loading', waitsFor: 'Waiting for the events.' }
  if (window.events.length > 0) return { state: 'ready' }
  if (window.olderFrom !== null) return { state: 'loading', waitsFor: 'Searching the log, the newest first.' }
  return {
    state: 'empty',
    sentence: filtered
      ? 'No event matches. Clear or widen the filters.'
      : 'Everything that happens appears here with its cause: starts, exits, backups, and what operators do.',
  }
}
