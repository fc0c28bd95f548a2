import type { Health, Severity } from '#shared/vocabulary.ts'
import styles from './health-mark.module.css'

export type Mark = Health | 'maintenance'

/** What each state is called. */
const words: Record<Mark, string> = {
  healthy: 'healthy',
  degraded: 'degraded',
  unhealthy: 'unhealthy',
  unknown: 'unknown',
  maintenance: 'maintenance',
}

/** A state's mark: its own shape besides its own colour. `label` replaces the state's name for a screen reader; empty hides it. */
export function HealthMark({
  health,
  size = 12,
  label,
}: {
  readonly health: Mark
  readonly size?: number
  readonly label?: string
}) {
  const name = label ?? words[health]
  return (
    <svg
      className={styles[health]}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      data-health={health}
      role="img"
      aria-label={name}
      aria-hidden={name === ''}
    >
      {shapes[health]}
    </svg>
  )
}

const shapes: Record<Mark, React.JSX.Element> = {
  healthy: <circle cx="6" cy="6" r="4.6" fill="currentColor" />,
  degraded: <path d="M6 1 11.4 10.6H.6Z" fill="currentColor" />,
  unhealthy: <path d="M3.2 1h5.6L11.6 6 8.8 11H3.2L.4 6Z" fill="currentColor" />,
  unknown: (
    <circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.3 1.15" />
  ),
  maintenance: (
    <path
      d="M1.5 10.5 6.6 5.4M10.5 10.5 5.4 5.4M2 4.6 4.6 2l1.6 1.6-2.6 2.6ZM10.6 3.2 8.9 1.4l-1.6.9v2l1 1h1.8Z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinejoin="round"
    />
  ),
}

/** The health that a severity is shown as. */
export function healthOfSeverity(severity: Severity): Mark {
  switch (severity) {
    case 'critical':
    case 'error':
      return 'unhealthy'
    case 'warning':
      return 'degraded'
    case 'info':
    case 'notice':
      return 'unknown'
  }
}
