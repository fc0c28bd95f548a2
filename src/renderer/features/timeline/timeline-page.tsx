import { ActionIcon, Button, Select, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { severities } from '#shared/vocabulary.ts'
import { markOf } from '../../components/event-line.tsx'
import { exportText } from '../../components/export-text.ts'
import { count, counted } from '../../components/figures.ts'
import { useFollow } from '../../components/follow.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody, type PanelContent } from '../../components/panel.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list.tsx'
import { EventDrawer } from './event-drawer.tsx'
import { filterOf } from './event-filter.ts'
import styles from './timeline-page.module.css'
import { type Timeline, useTimeline } from './use-timeline.ts'

/** Everything that happened, newest first: filtered, followed, and from each event the way to its cause and effects. */
export default function TimelinePage() {
  const { id } = useParams()
  const navigate = useNavigate()
  const [params, setParams] = useSearchParams()
  const filter = filterOf(params)
  const timeline = useTimeline(filter)
  const { following, follow, atDistance } = useFollow()
  const list = useRef<VirtualListHandle>(null)
  const held = useRef<{ readonly top: number; readonly events: Timeline['events'] }>({ top: 0, events: [] })
  const newest = timeline.events[0]?.seq ?? 0
  if (following || held.current.events.length === 0) held.current = { top: newest, events: timeline.events }
  // Away from the top, what is read stays where it is; older pages still come in below.
  const shown = following ? timeline.events : timeline.events.filter((event) => event.seq <= held.current.top)
  const fresh = timeline.events.length - shown.length
  const filtered = Object.keys(filter).length > 0

  useEffect(() => {
    if (following && newest > 0) list.current?.toStart()
  }, [following, newest])

  const search = params.toString()
  const go = (event: string | null) =>
    void navigate({ pathname: event === null ? '/timeline' : `/timeline/${event}`, search })
  const set = (name: string, value: string | null) => {
    const next = new URLSearchParams(params)
    if (value === null || value === '') next.delete(name)
    else next.set(name, value)
    setParams(next, { replace: true })
  }

  return (
    <PageFrame
      title="Timeline"
      note={<ZoneNote />}
      tools={
        <>
          <FilterText name="text" label="Search events" value={filter.text ?? ''} onChange={set} wide />
          <FilterText name="subject" label="Subject, such as service:api" value={filter.subject ?? ''} onChange={set} />
          <FilterText name="kind" label="Kind, such as backup." value={filter.kind ?? ''} onChange={set} />
          <Select
            aria-label="At least this severe"
            placeholder="Any severity"
            clearable
            w={150}
            data={severities.map((value) => ({ value, label: `${value} and up` }))}
            value={filter.atLeast ?? null}
            onChange={(value) => set('atLeast', value)}
          />
          {filter.operation !== undefined && (
            <span className="dim">
              Only operation <code>{filter.operation}</code>
            </span>
          )}
          {filtered && <Button onClick={() => setParams({}, { replace: true })}>Clear filters</Button>}
          <Tooltip label="Save these events as a file">
            <ActionIcon
              aria-label="Export events"
              onClick={() =>
                exportText(
                  'events.ndjson',
                  shown.map((event) => JSON.stringify(event)).join('\n'),
                  'application/x-ndjson',
                )
              }
            >
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
          <span className="dim">{counted(shown.length, 'event')} shown</span>
        </>
      }
      drawer={id !== undefined && <EventDrawer id={id} onClose={() => go(null)} onGo={go} />}
    >
      <div className={styles.frame}>
        <PanelBody content={contentOf(timeline, filtered)}>
          <VirtualList
            rows={shown}
            rowKey={(event) => event.id}
            label="Events, newest first"
            selected={id}
            onSelect={(event) => go(event.id)}
            handle={list}
            onScrolled={({ fromStart, fromEnd }) => {
              atDistance(fromStart)
              if (fromEnd < 400 && timeline.more) timeline.older()
            }}
          >
            {(event) => (
              <div className={styles.event}>
                <span className={styles.at}>
                  <Time at={event.at} />
                </span>
                <HealthMark health={markOf(event)} size={10} label={event.severity} />
                <span className={styles.message} title={event.message}>
                  {event.message}
                </span>
                <code className={styles.kind}>{event.kind}</code>
                <code className={styles.subject}>{event.subject}</code>
              </div>
            )}
          </VirtualList>
        </PanelBody>
        {!following && (
          <Button className={`${styles.fresh}`} size="compact-xs" variant="filled" onClick={follow}>
            ↑ {fresh > 0 ? `${count(fresh)} new` : 'Follow'}
          </Button>
        )}
      </div>
      <div className={styles.older}>
        {timeline.more ? (
          <Button disabled={timeline.loadingOlder} onClick={timeline.older}>
            {timeline.loadingOlder ? 'Loading older…' : 'Older'}
          </Button>
        ) : (
          timeline.state === 'ready' && <span className="dim">This is the beginning.</span>
        )}
        {timeline.problem && timeline.state === 'ready' && <span role="alert">{timeline.problem.message}</span>}
      </div>
    </PageFrame>
  )
}

function FilterText({
  name,
  label,
  value,
  onChange,
  wide = false,
}: {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly onChange: (name: string, value: string) => void
  readonly wide?: boolean
}) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const tell = useDebouncedCallback((next: string) => onChange(name, next), 250)
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      w={wide ? 220 : 190}
      {...(wide && { leftSection: <IconSearch size={14} /> })}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        tell(event.currentTarget.value)
      }}
    />
  )
}

function contentOf(timeline: Timeline, filtered: boolean): PanelContent {
  if (timeline.state === 'failed' && timeline.problem) {
    return { state: 'failed', problem: timeline.problem, retry: timeline.again }
  }
  if (timeline.state === 'loading') return { state: 'loading', waitsFor: 'Waiting for the events.' }
  if (timeline.events.length > 0) return { state: 'ready' }
  return {
    state: 'empty',
    sentence: filtered
      ? 'No event matches. Clear or widen the filters.'
      : 'Everything that happens appears here with its cause: starts, exits, backups, and what operators do.',
  }
}
