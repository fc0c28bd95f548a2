import { Link } from 'react-router'
import { useSite } from '../../state/use-shown.ts'
import { ConfigProblems } from '../settings/config-problems.tsx'
import styles from './welcome.module.css'

/** When site.yaml cannot be used: nothing runs, and here is what to mend. Backups stay reachable. */
export function ConfigProblemsPage() {
  const site = useSite()
  return (
    <div className={styles.page} style={{ maxWidth: 860 }}>
      <h1>site.yaml cannot be used</h1>
      <p className={styles.lead}>
        {site?.name ?? 'The site'} is open, and nothing of it was started. Mend what is listed, then reload. If the file
        was damaged, <Link to="/backups">restore it from a backup</Link>.
      </p>
      <ConfigProblems />
    </div>
  )
}
