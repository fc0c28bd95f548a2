import { Link } from 'react-router'
import type { DeployView } from '#shared/contract/index.ts'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Age, Time } from '../../components/time.tsx'
import { markOfDeploy, phaseInWords } from './deploy-words.ts'
import styles from './deploys.module.css'

/** Deploys and the ways back, newest first, with what came of each. */
export function DeployHistory({ deploys }: { readonly deploys: readonly DeployView[] }) {
  const none = 'No deploy yet. Each will be listed here with what came of it, and how long services were away.'
  if (deploys.length === 0)
    return <Panel title="Deploys so far" className={styles.block} content={{ state: 'empty', sentence: none }} />
  return (
    <Panel title="Deploys so far" className={styles.block} flush>
      <div className={styles.list}>
        <table className={`${table.table} ${table.still}`} aria-label="Deploys so far">
          <thead>
            <tr>
              <th>When</th>
              <th className={table.right}>Age</th>
              <th>What</th>
              <th>Outcome</th>
              <th className={table.right}>Services away</th>
              <th className={table.grow}>Said</th>
            </tr>
          </thead>
          <tbody>
            {deploys.map((deploy) => (
              <tr key={deploy.id}>
                <td>
                  <Time at={deploy.at} />
                </td>
                <td className={table.right}>
                  <Age at={deploy.at} plain />
                </td>
                <td>{deploy.title}</td>
                <td>
                  <HealthMark health={markOfDeploy(deploy)} label="" /> {phaseInWords(deploy)}
                </td>
                <td className={table.right}>{deploy.downMs === null ? '' : duration(deploy.downMs)}</td>
                <td className={`${table.grow} dim`}>
                  <Said deploy={deploy} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

/** One line of what was said; all of it, and where more is to be read, when it is opened. */
function Said({ deploy: { id, job, failure, sentence, restorePoint } }: { readonly deploy: DeployView }) {
  return (
    <details className={styles.said}>
      <summary>{failure ?? sentence}</summary>
      {failure !== null && !failure.includes(sentence) && <p>{sentence}</p>}
      <Link to={`/timeline?operation=${encodeURIComponent(job ?? id)}`}>On the timeline</Link>
      {restorePoint !== null && (
        <>
          {' · '}
          <Link to={`/backups/${restorePoint}`}>The restore point from before</Link>
        </>
      )}
    </details>
  )
}
