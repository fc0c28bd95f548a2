import { PageFrame } from '../../components/page-frame.tsx'
import { Panel, SkeletonLines } from '../../components/panel.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { DrillHistoryPanel } from '../drills/drill-history-panel.tsx'
import { DrillsPanel } from '../drills/drills-panel.tsx'
import { StartupPanel } from '../startup/startup-panel.tsx'
import { ChecksPanel } from './checks-panel.tsx'
import { DatabasePanel } from './database-panel.tsx'
import styles from './diagnose-page.module.css'
import { QuarantinePanel } from './quarantine-panel.tsx'
import { SlowStatementsPanel } from './slow-statements-panel.tsx'
import { WritingPanel } from './writing-panel.tsx'

/** Whether everything is as it should be: the list of checks of the site, the console's own store, and what was measured when the site was made to fail on purpose. */
export default function DiagnosePage() {
  const store = useEntity('store', 'store')
  return (
    <PageFrame title="Diagnose" note={<ZoneNote />}>
      <div className={styles.sections}>
        <ChecksPanel />
        <StartupPanel />
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
        <section className={styles.section} aria-labelledby="drills">
          <h2 id="drills">
            Drills <span className="dim">failures on purpose: is it noticed, does it come back, how fast</span>
          </h2>
          <DrillsPanel />
          <DrillHistoryPanel />
        </section>
      </div>
    </PageFrame>
  )
}
