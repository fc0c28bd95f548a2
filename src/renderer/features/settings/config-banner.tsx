import { Link } from 'react-router'
import { counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { useSite } from '../../state/use-shown.ts'
import styles from './config-banner.module.css'

/** While site.yaml on disk is invalid and the site runs with the one from before. */
export function ConfigBanner() {
  const site = useSite()
  if (!site || site.config.valid) return null
  const [first] = site.config.problems
  return (
    <div className={styles.banner} role="alert">
      <HealthMark health="degraded" label="warning" />
      <span>
        site.yaml has {counted(site.config.problems.length, 'problem')}; the site goes on with the configuration from
        before. {first && `${first.message} `}
        <Link to="/settings">See and reload</Link>
      </span>
    </div>
  )
}
