import type { DeployView } from '#shared/contract/index.ts'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import table from '../../components/table.module.css'
import { Age, Time } from '../../components/time.tsx'
import { markOfDeploy, phaseInWords } from './deploy-words.ts'
import styles from './deploys.module.css'

/** Deploys and the ways back, newest first, with what came of each. */
export function DeployHistory({ deploys }: { readonly deploys: readonly DeployView[] }) {
  if (deploys.length === 0)
    return (
      <p className="dim">
        No deploy yet. Each will be listed here with what came of it, and how long services were away.
      </p>
    )
  return (
    <div className={`${table.scroll} ${styles.list}`}>
      <table className={table.table} aria-label="Deploys so far">
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
              <td className={`${table.grow} dim`} title={deploy.failure ?? deploy.sentence}>
                {deploy.failure ?? deploy.sentence}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
