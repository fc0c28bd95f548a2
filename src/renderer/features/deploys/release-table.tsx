import { IconPin } from '@tabler/icons-react'
import { Link, useNavigate } from 'react-router'
import type { ReleaseView } from '#shared/contract/index.ts'
import { sourceInWords } from '#shared/release-words.ts'
import { bytes, count } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Age, Time } from '../../components/time.tsx'
import { markOfRelease, stateWords, verdictWords } from './deploy-words.ts'
import styles from './deploys.module.css'

/** The releases that there are, newest first. */
export function ReleaseTable({
  releases,
  selected,
}: {
  readonly releases: readonly ReleaseView[]
  readonly selected: string | undefined
}) {
  const navigate = useNavigate()
  return (
    <Panel
      title="Releases"
      flush={releases.length > 0}
      className={styles.block}
      content={
        releases.length === 0
          ? { state: 'empty', sentence: 'No release is known yet. Press Deploy… to bring the first.' }
          : { state: 'ready' }
      }
    >
      <div className={styles.list}>
        <table className={table.table} aria-label="Releases">
          <thead>
            <tr>
              <th>Release</th>
              <th>State</th>
              <th>Verdict</th>
              <th>Version</th>
              <th>Brought</th>
              <th className={table.right}>Age</th>
              <th className={table.grow}>From</th>
              <th className={`${table.right} ${table.second}`}>Files</th>
              <th className={`${table.right} ${table.second}`}>Size</th>
            </tr>
          </thead>
          <tbody>
            {releases.map((release) => (
              <tr
                key={release.id}
                aria-selected={release.id === selected}
                onClick={() => void navigate(`/deploys/${release.id}`)}
              >
                <td className={table.name}>
                  <Link to={`/deploys/${release.id}`}>{release.id}</Link>{' '}
                  {release.pinned && <IconPin size={12} aria-label="pinned" role="img" />}
                </td>
                <td>{stateWords[release.state]}</td>
                <td title={release.verdict?.why ?? release.verified?.sentence}>
                  {verdictWords(release) !== '' && <HealthMark health={markOfRelease(release)} label="" />}{' '}
                  {verdictWords(release)}
                </td>
                <td>{release.version ?? ''}</td>
                <td>
                  <Time at={release.at} />
                </td>
                <td className={table.right}>
                  <Age at={release.at} plain />
                </td>
                <td className={`${table.grow} dim`} title={sourceInWords(release)}>
                  {release.note === '' ? sourceInWords(release) : `${release.note}: ${sourceInWords(release)}`}
                </td>
                <td className={`${table.right} ${table.second}`}>
                  {release.files === null ? '' : count(release.files)}
                </td>
                <td className={`${table.right} ${table.second}`}>
                  {release.bytes === null ? '' : bytes(release.bytes)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
