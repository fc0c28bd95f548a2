import { Button } from '@mantine/core'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { Age } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { OpenSiteForm } from './open-site-form.tsx'
import styles from './welcome.module.css'

/** While no site is open: why the last one could not be, and the ways to open one. */
export function WelcomePage() {
  const view = useEntity('console', 'console')
  const { busy, run } = useAction()
  const recent = view?.recent ?? []
  return (
    <div className={styles.page}>
      <h1>{view?.phase === 'could not open' ? 'The site could not be opened' : 'No site is open'}</h1>
      {view?.problem ? (
        <div className={styles.problem} role="alert">
          <HealthMark health="unhealthy" label="failed" />
          <div>
            <p>{view.problem.message}</p>
            <p className="dim">{view.problem.remedy}</p>
          </div>
        </div>
      ) : (
        <p className={styles.lead}>
          A site is a folder with a file <code>site.yaml</code> that says which services run, what they need, how
          messages are routed and what is backed up. Opening a site that you have not trusted yet runs nothing.
        </p>
      )}
      <div className={styles.cards}>
        <Panel title="Open my site">
          <OpenSiteForm />
        </Panel>
        {recent.length > 0 && (
          <Panel title="Opened before">
            <ul className={styles.recent}>
              {recent.map((site) => (
                <li key={site.directory}>
                  <div className={styles.where}>
                    {site.name}
                    {site.sample && ' (sample)'}, <Age at={site.openedAt} />
                    <code title={site.directory}>{site.directory}</code>
                  </div>
                  <Button
                    disabled={busy}
                    aria-label={`Open ${site.name}`}
                    onClick={() => void run((calls) => calls.console.openSite({ directory: site.directory }))}
                  >
                    Open
                  </Button>
                </li>
              ))}
            </ul>
          </Panel>
        )}
        <Panel title="Look around first">
          <p className={styles.lead}>
            The sample site is a small consultation system: a broker, an API with a database, a dozen simulated desk
            units and a kiosk. It runs in a folder of its own and can be reset at any time.
          </p>
          <Button disabled={busy} onClick={() => void run((calls) => calls.console.openSample())}>
            Open the sample site
          </Button>
        </Panel>
      </div>
    </div>
  )
}
