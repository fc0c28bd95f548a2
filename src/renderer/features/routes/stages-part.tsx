import { Link } from 'react-router'
import type { RouteStagesView } from '#shared/contract/index.ts'
import { microseconds, stageWords } from '#shared/stage-words.ts'
import { count } from '../../components/figures.ts'
import { Time } from '../../components/time.tsx'
import { useSlice } from '../../state/use-shown.ts'
import styles from './stages-part.module.css'

/** The way that a message takes through the stages of a route: how many came to each, where they ended, what it takes. */
export function StagesPart({ route }: { readonly route: string }) {
  const view = useSlice('stages')[route]
  if (!view)
    return <p className="dim">Of its stages nothing is known: the router does not run, or has not loaded it.</p>
  if (view.stages.length === 0)
    return <p className="dim">It has no stages: every message goes straight to its targets.</p>
  return (
    <>
      <table className={styles.stages} aria-label={`Stages of ${route}`}>
        <thead>
          <tr>
            <th>Stage</th>
            <th>In</th>
            <th>Went on</th>
            <th>Ended</th>
            <th>Quarantined</th>
            <th>Waiting</th>
            <th title="Of the messages of the last minute so many ended here.">Ended in the last minute</th>
            <th title="The mean time, of ten messages a second at most.">Mean</th>
            <th title="99 of 100 take no longer.">p99</th>
          </tr>
        </thead>
        <tbody>
          {view.stages.map((stage) => (
            <Row key={stage.stage} stage={stage} />
          ))}
        </tbody>
      </table>
      <p className="dim">
        What went on from the last stage went to the targets. Counted since <Time at={view.since} />, when the router
        was started or this route was changed; told once a second.
      </p>
    </>
  )
}

function Row({ stage }: { readonly stage: RouteStagesView['stages'][number] }) {
  const { title, ended } = stageWords[stage.stage]
  const { minute } = stage
  const last = minute.ended + minute.failed
  return (
    <tr className={minute.failed > 0 ? `${styles.failing}` : undefined}>
      <td>
        <span className={styles.name}>{title}</span>
        {stage.reason !== null && (
          <div className={styles.reason}>
            {stage.reason}
            {stage.client !== '' && (
              <>
                {' '}
                (from{' '}
                <Link to={`/messages?client=${encodeURIComponent(stage.client)}`} title="Watch its messages live">
                  {stage.client}
                </Link>
                )
              </>
            )}
          </div>
        )}
      </td>
      <td>{count(stage.in)}</td>
      <td>{count(stage.out)}</td>
      <td title={ended}>{count(stage.ended)}</td>
      <td>{stage.failed > 0 ? <Link to="/messages/quarantine">{count(stage.failed)}</Link> : 0}</td>
      <td>{count(stage.waiting)}</td>
      <td>{last === 0 ? '–' : `${count(last)} of ${count(minute.in)}`}</td>
      <td>{microseconds(stage.meanUs)}</td>
      <td>{microseconds(stage.p99Us)}</td>
    </tr>
  )
}
