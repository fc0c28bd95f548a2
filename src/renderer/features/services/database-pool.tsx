import type { SiteDatabaseView } from '#shared/contract/index.ts'
import { count } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { ShareBar } from '../../components/share-bar.tsx'
import styles from './database-part.module.css'
import { poolShares } from './pool-shares.ts'

/** The connections of a pool: in use, idle, over the base size, and who waits for one. */
export function DatabasePool({ pool }: { readonly pool: SiteDatabaseView['pool'] }) {
  const { inUse, idle, overflow, most } = poolShares(pool)
  return (
    <>
      <div className={styles.pool}>
        <ShareBar
          label={`${count(inUse)} in use, ${count(idle)} idle, of at most ${count(most)}: ${count(pool.size)} and ${count(pool.overflow)} overflow`}
          whole={most}
          parts={[
            { name: 'in use', value: inUse },
            { name: 'idle', value: idle, faint: true },
          ]}
          {...(pool.overflow > 0 && { mark: pool.size })}
        />
      </div>
      <ul className={styles.legend} aria-label="Connections">
        <li>
          <strong>{count(inUse)}</strong> in use
        </li>
        <li>
          <strong>{count(idle)}</strong> idle
        </li>
        <li>
          <strong>{count(overflow)}</strong> overflow
        </li>
        <li>
          {pool.waiting > 0 && <HealthMark health="degraded" label="warning" />} <strong>{count(pool.waiting)}</strong>{' '}
          waiting
        </li>
        <li className="dim">
          of at most {count(pool.size)} + {count(pool.overflow)}
        </li>
      </ul>
      <ul className={styles.legend} aria-label="Connections so far">
        <li title="Waits for a connection that ended in the time-out.">
          {pool.timeouts > 0 && <HealthMark health="degraded" label="warning" />}{' '}
          <strong>{count(pool.timeouts)}</strong> timed out
        </li>
        <li title="Closed for their age.">
          <strong>{count(pool.recycled)}</strong> recycled
        </li>
        <li title="Failed their check before use.">
          <strong>{count(pool.discarded)}</strong> discarded
        </li>
      </ul>
    </>
  )
}
