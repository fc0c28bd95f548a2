import { Panel } from '../../components/panel.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { useSelected } from '../../state/use-shown.ts'
import { ConfigBanner } from '../settings/config-banner.tsx'
import { StartupNote } from '../startup/startup-note.tsx'
import { DoPanel } from './do-panel.tsx'
import { JustNow } from './just-now.tsx'
import { MachinePanel, MessagesPanel, StorePanel } from './meters.tsx'
import { NeedsAttention } from './needs-attention.tsx'
import styles from './overview-page.module.css'
import { SiteGraph } from './site-graph.tsx'
import { Verdict } from './verdict.tsx'

/** Is it all right; what is wrong and why; what do I press. */
export function OverviewPage() {
  const some = useSelected('services', (services) => Object.keys(services).length > 0)
  return (
    <div className={styles.page}>
      <h1 className="unseen">Overview</h1>
      <ConfigBanner />
      <StartupNote />
      <div className={styles.columns}>
        <div className={styles.wide}>
          <Panel title="Is it all right">
            <Verdict />
          </Panel>
          <Panel
            title="Site"
            aside={<ZoneNote />}
            flush
            content={
              some
                ? { state: 'ready' }
                : { state: 'empty', sentence: 'The services of this site appear here as soon as site.yaml names some.' }
            }
          >
            <SiteGraph />
          </Panel>
          <div className={styles.meters}>
            <MachinePanel />
            <MessagesPanel />
            <StorePanel />
          </div>
        </div>
        <div className={styles.narrow}>
          <DoPanel />
          <NeedsAttention />
          <JustNow />
        </div>
      </div>
    </div>
  )
}
