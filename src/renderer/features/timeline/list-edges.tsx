import { Button } from '@mantine/core'
import { useMemo, useSyncExternalStore } from 'react'
import { count, counted } from '../../components/figures.ts'
import { useSiteTime } from '../../components/time.tsx'
import type { SeenRange } from './scrubber/seen-range.ts'
import styles from './timeline-page.module.css'
import type { TimelineReader, TimelineView } from './timeline-reader.ts'

/** The day of the newest event in view, the way back to what happens now, and what stands in the columns. */
export function ListHead({
  seen,
  view: { following, fresh },
  onNow,
}: {
  readonly seen: SeenRange
  readonly view: TimelineView
  readonly onNow: () => void
}) {
  const format = useSiteTime()
  const inView = useSyncExternalStore(
    useMemo(() => (listener: () => void) => seen.onChange(listener), [seen]),
    () => seen.seen,
  )
  return (
    <div className={styles.head} role="presentation">
      <span className={styles.day}>{inView ? format.day(inView.newest.at) : ' '}</span>
      <span className={styles.live}>
        {following ? (
          'follows what happens'
        ) : (
          <Button size="compact-xs" variant="filled" onClick={onNow}>
            ↑ {fresh > 0 ? `${count(fresh)} new` : 'Now'}
          </Button>
        )}
      </span>
      <span className={styles.kind}>kind</span>
      <span className={styles.subject}>subject</span>
    </div>
  )
}

/** What is loaded, what is being read, and why something was not. */
export function ListFoot({
  view,
  reader,
  note,
}: {
  readonly view: TimelineView
  readonly reader: TimelineReader
  readonly note: string | null
}) {
  const { window, loading, problem, state } = view
  if (state !== 'ready') return null
  return (
    <div className={styles.foot}>
      <span className="dim">{counted(window.events.length, 'event')} loaded</span>
      <span className="dim" role="status">
        {loading === 'older'
          ? window.events.length === 0 && window.olderFrom !== null
            ? `Searching before event ${count(window.olderFrom)}…`
            : 'Loading older…'
          : loading === 'newer'
            ? 'Loading newer…'
            : loading === 'elsewhere'
              ? 'Going there…'
              : window.olderFrom === null
                ? 'The list reaches the beginning of the log.'
                : ''}
      </span>
      {note !== null && <span role="status">{note}</span>}
      {problem && (
        <span role="alert">
          {problem.message} <span className="dim">{problem.remedy}</span>{' '}
          <Button size="compact-xs" onClick={() => reader.again()}>
            Try again
          </Button>
        </span>
      )}
    </div>
  )
}
