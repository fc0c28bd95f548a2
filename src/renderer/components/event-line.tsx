import { Link } from 'react-router'
import type { EventRecord } from '#shared/vocabulary.ts'
import styles from './event-line.module.css'
import { HealthMark, healthOfSeverity } from './health-mark.tsx'
import { Time } from './time.tsx'

/** One event in a short list: when, how grave, what. Leads to its place on the timeline. `whole` shows long messages on several lines. */
export function EventLine({ event, whole = false }: { readonly event: EventRecord; readonly whole?: boolean }) {
  return (
    <Link className={whole ? styles.whole : styles.line} to={`/timeline/${event.id}`}>
      <span className={styles.at}>
        <Time at={event.at} />
      </span>
      <HealthMark health={markOf(event)} size={9} label={event.severity} />
      <span className={styles.message} title={event.message}>
        {event.message}
      </span>
    </Link>
  )
}

/** Good news is green: everything below a warning whose kind says so. */
export function markOf(event: EventRecord) {
  if (event.severity === 'info' || event.severity === 'notice') {
    if (/\.(healthy|recovered|completed|ready|restored|became-healthy|cleared|verified)$/.test(event.kind))
      return 'healthy'
  }
  return healthOfSeverity(event.severity)
}
