import { memo } from 'react'
import type { EventRecord } from '#shared/vocabulary.ts'
import { markOf } from '../../components/event-line.tsx'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { useSiteTime } from '../../components/time.tsx'
import styles from './event-row.module.css'
import type { TimelineRow } from './timeline-rows.ts'
import type { Kinship } from './use-chain.ts'

/** One line of the list: an event, a new day, or a clock that was set back. */
export const TimelineLine = memo(function TimelineLine({
  row,
  kinship,
}: {
  readonly row: TimelineRow
  readonly kinship: Kinship | undefined
}) {
  switch (row.type) {
    case 'event':
      return <EventRow event={row.event} kinship={kinship} />
    case 'day':
      return <div className={styles.day}>{row.day}</div>
    case 'clock':
      return (
        <div className={styles.clock}>
          The clock was set back by {duration(row.backMs)} here; the order below and above is that of the events.
        </div>
      )
  }
})

function EventRow({ event, kinship }: { readonly event: EventRecord; readonly kinship: Kinship | undefined }) {
  const format = useSiteTime()
  return (
    <div className={styles.event} data-kinship={kinship}>
      <time className={styles.at} dateTime={new Date(event.at).toISOString()}>
        {format.clock(event.at)}
      </time>
      <HealthMark health={markOf(event)} size={10} label={event.severity} />
      <span className={styles.message} title={event.message}>
        {event.message}
      </span>
      {(kinship === 'cause' || kinship === 'effect') && (
        <span className={styles.kin}>{kinship === 'cause' ? 'cause' : 'effect'}</span>
      )}
      <code className={styles.kind}>{event.kind}</code>
      <code className={styles.subject}>{event.subject}</code>
    </div>
  )
}
