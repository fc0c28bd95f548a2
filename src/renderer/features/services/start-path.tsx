import { Fragment } from 'react'
import { Link } from 'react-router'
import type { StartPathView } from '#shared/contract/index.ts'
import { duration, percent } from '../../components/figures.ts'
import { Age } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './start-path.module.css'

/** The chain of services that decides how long the site takes to start, each with its share. */
export function StartPath() {
  const path = useEntity('startPath', 'start')
  if (!path || path.links.length < 2) return null
  return (
    <section className={styles.path} aria-label="Critical path of the start">
      <span className="dim">{about(path)}</span>
      <ol className={styles.links}>
        {path.links.map(({ service, ms }, index) => (
          <Fragment key={service}>
            {index > 0 && (
              <li className="dim" aria-hidden="true">
                →
              </li>
            )}
            <li>
              <Link to={`/services/${service}`}>{service}</Link>
              {ms !== null && path.totalMs !== null && (
                <span className="number dim">
                  {' '}
                  {duration(ms)}
                  {path.totalMs > 0 && `, ${percent((ms / path.totalMs) * 100)}`}
                </span>
              )}
            </li>
          </Fragment>
        ))}
      </ol>
      {path.at !== null && (
        <span className="dim">
          <Age at={path.at} />
        </span>
      )}
    </section>
  )
}

function about({ basis, totalMs }: StartPathView): string {
  switch (basis) {
    case 'last start':
      return `The last start took ${duration(totalMs ?? 0)}, decided by`
    case 'earlier starts':
      return `A start takes about ${duration(totalMs ?? 0)}, decided by`
    case 'shape':
      return 'Longest chain of needs, nothing measured yet:'
  }
}
