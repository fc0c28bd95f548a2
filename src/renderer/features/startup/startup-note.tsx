import { Link } from 'react-router'
import { HealthMark } from '../../components/health-mark.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './startup-panel.module.css'

/** On Overview, while the site is being started: how far that is, in one line. What the start found afterwards is on Diagnose. */
export function StartupNote() {
  const startup = useEntity('startup', 'startup')
  if (!startup || startup.endedAt !== null || startup.state === 'waiting') return null
  return (
    <div className={styles.line} role="status">
      <HealthMark health="unknown" label="starting" />
      <span>
        Starting. {startup.sentence} <Link to="/diagnose">All steps</Link>
      </span>
    </div>
  )
}
