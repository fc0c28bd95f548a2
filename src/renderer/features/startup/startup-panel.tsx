import { CommandLine } from '../../components/command-line.tsx'
import { Panel, SkeletonLines } from '../../components/panel.tsx'
import { Age } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './startup-panel.module.css'
import { StartupSteps } from './startup-steps.tsx'

/** How the site was opened and started last: pre-flight, clean-up, configuration, services, verification. */
export function StartupPanel() {
  const startup = useEntity('startup', 'startup')
  return (
    <Panel
      title="Start of the site"
      flush
      content={startup ? { state: 'ready' } : { state: 'loading', waitsFor: 'Waiting for what the start found.' }}
    >
      {startup ? (
        <>
          <p className={styles.sum}>
            <b role="status">{startup.sentence}</b>{' '}
            <span className="dim">
              <Age at={startup.at} />
            </span>
          </p>
          <div className={styles.steps}>
            <StartupSteps steps={startup.steps} />
          </div>
          <div className={styles.command}>
            <CommandLine label="start" command="wheelhouse start --follow" />
          </div>
        </>
      ) : (
        <SkeletonLines lines={5} />
      )}
    </Panel>
  )
}
