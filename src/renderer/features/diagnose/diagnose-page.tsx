import { PageFrame } from '../../components/page-frame.tsx'
import { Panel, SkeletonLines } from '../../components/panel.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { DatabasePanel } from './database-panel.tsx'
import styles from './diagnose-page.module.css'
import { QuarantinePanel } from './quarantine-panel.tsx'
import { SlowStatementsPanel } from './slow-statements-panel.tsx'
import { WritingPanel } from './writing-panel.tsx'

/** What the console knows of itself: so far its own store, its databases, and what can be done about them. */
export default function DiagnosePage() {
  const store = useEntity('store', 'store')
  return (
    <PageFrame title="Diagnose" note={<ZoneNote />}>
      <div className={styles.sections}>
        <section className={styles.section} aria-labelledby="diagnose-store">
          <h2 id="diagnose-store">
            Store <span className="dim">the console's own databases, in .wheelhouse of the site</span>
          </h2>
          {store ? (
            <>
              <div className={styles.pair}>
                {store.databases.map((database) => (
                  <DatabasePanel key={database.name} database={database} />
                ))}
              </div>
              <WritingPanel store={store} />
              <SlowStatementsPanel slow={store.slow} />
              <QuarantinePanel quarantine={store.quarantine} />
            </>
          ) : (
            <Panel title="Databases" content={{ state: 'loading', waitsFor: 'Waiting for the figures of the store.' }}>
              <SkeletonLines lines={6} />
            </Panel>
          )}
        </section>
        <section className={styles.section} aria-labelledby="diagnose-later">
          <h2 id="diagnose-later">Not yet on this page</h2>
          <p className="dim">
            A list of checks of the whole site (ports, folders, configuration, connections), run at start and
            continuously after, each with its fix. This version of Wheelhouse does not have it yet.
          </p>
        </section>
      </div>
    </PageFrame>
  )
}
