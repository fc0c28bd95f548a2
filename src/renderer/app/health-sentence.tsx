import { Link } from 'react-router'
import { HealthMark } from '../components/health-mark.tsx'
import { Sentence } from '../components/sentence.tsx'
import { Age } from '../components/time.tsx'
import { Why } from '../features/why/why.tsx'
import { useLinkStatus } from '../state/use-link.ts'
import { useEntity, useSite } from '../state/use-shown.ts'
import styles from './health-sentence.module.css'

/** The health of the site in one true sentence that leads to its evidence, and the age of the last verified backup. */
export function HealthSentence() {
  const site = useSite()
  const backups = useEntity('backups', 'backups')
  const stale = useLinkStatus().phase !== 'connected'
  if (!site) return <div className={styles.sentence} />
  return (
    <div className={styles.sentence} data-stale={stale || undefined}>
      <Link className={styles.health} to={site.evidence ?? '/services'} title={site.sentence}>
        <HealthMark health={site.health} />
        <span>
          <Sentence text={site.sentence} />
        </span>
      </Link>
      <Why subject="site" about={site.name} />
      {/* The sentence of a healthy site tells the age of its backup itself. */}
      {backups && site.health !== 'healthy' && (
        <Link className={styles.backup} to="/backups">
          {backups.lastVerifiedAt === null ? (
            'no verified backup yet'
          ) : (
            <>
              last verified backup <Age at={backups.lastVerifiedAt} />
            </>
          )}
        </Link>
      )}
    </div>
  )
}
