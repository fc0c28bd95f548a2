import type { SiteDatabaseView } from '#shared/contract/index.ts'
import { DrawerPart } from '../../components/drawer.tsx'
import { csv } from '../../components/export-text.ts'
import { counted, duration } from '../../components/figures.ts'
import { ListTools } from '../../components/list-tools.tsx'
import styles from './database-part.module.css'

/** The most that the console tells of. */
const most = 20

/** Queries that took over 40 ms, by their text without values, the slowest first. */
export function SlowQueries({ id, slow }: { readonly id: string; readonly slow: SiteDatabaseView['slow'] }) {
  return (
    <DrawerPart title="Slow queries">
      {slow.length === 0 ? (
        <p className="dim">None so far. A query that takes over 40 ms appears here, without its values.</p>
      ) : (
        <>
          <div className={styles.head}>
            <p className="dim">
              Over 40 ms, the slowest first{slow.length >= most && `; the ${most} slowest are shown`}.
            </p>
            <ListTools what="slow queries" file={`${id}-slow-queries.csv`} text={() => asCsv(slow)} />
          </div>
          <ol className={styles.slow} aria-label="Slow queries">
            {slow.map((query) => (
              <li key={query.sql}>
                <code>{query.sql}</code>
                <span className="number">
                  {duration(query.worstMs)} <span className="dim">worst of {counted(query.count, 'time')}</span>
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </DrawerPart>
  )
}

function asCsv(slow: SiteDatabaseView['slow']): string {
  return csv(
    ['query', 'worst ms', 'times'],
    slow.map((query) => [query.sql, query.worstMs, query.count]),
  )
}
