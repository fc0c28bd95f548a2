import { Button } from '@mantine/core'
import { HealthMark } from '../components/health-mark.tsx'
import { Age } from '../components/time.tsx'
import { usePage } from '../state/page-context.ts'
import { useLinkStatus } from '../state/use-link.ts'
import styles from './link-banner.module.css'

const meaning = 'What is shown may be out of date; services go on without this window.'

/** Says that what is on screen is not current, for how long, and what is done about it. */
export function LinkBanner() {
  const { link } = usePage()
  const status = useLinkStatus()
  if (status.phase === 'connected' || status.lastHeardAt === null) return null
  const again = <Button onClick={() => link.start()}>Try now</Button>
  if (status.phase === 'refused' && status.problem) {
    return (
      <div className={styles.banner} role="alert">
        <HealthMark health="unhealthy" label="not connected" />
        <span>
          {status.problem.message} {status.problem.remedy}
        </span>
        {again}
      </div>
    )
  }
  return (
    <section className={styles.banner} aria-label="State of the connection">
      {/* Without the age, which would be read out again each second. */}
      <div role="status" className="unseen">
        Reconnecting. {meaning}
      </div>
      <HealthMark health="unknown" label="reconnecting" />
      <span>
        Reconnecting, last heard <Age at={status.lastHeardAt} />. {meaning}
      </span>
      {again}
    </section>
  )
}
