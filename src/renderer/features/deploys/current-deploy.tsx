import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import type { DeployView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { counted, duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { JobBar, JobSteps } from '../../components/job-progress.tsx'
import { Panel } from '../../components/panel.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useNow } from '../../state/use-link.ts'
import { useEntity, useSlice } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { CancelJob } from '../actions/watched-jobs.tsx'
import { JobLog } from '../jobs/job-log.tsx'
import { isOver, markOfDeploy, nextCommand, phaseInWords } from './deploy-words.ts'
import styles from './deploys.module.css'

/** The deploy that runs, is on probation or is stuck; else how the last one ended. */
export function CurrentDeploy({ onRollBack }: { readonly onRollBack: () => void }) {
  const [newest] = Object.values(useSlice('deploys')).sort((a, b) => b.at - a.at)
  const job = useEntity('jobs', newest?.job ?? '')
  const [showLog, setShowLog] = useState(false)
  const { busy, run } = useAction()
  const { watch } = useActions()
  if (!newest) return null
  const running = job?.state === 'running'
  const settle = async () => {
    const started = await run((calls) => calls.deploys.settle({ deploy: newest.id }))
    if (started) watch(started.job)
  }
  return (
    <Panel
      title={newest.title}
      className={styles.block}
      aside={running ? <CancelJob job={job} /> : <span className="dim">{phaseInWords(newest)}</span>}
    >
      <div className={styles.line}>
        <HealthMark health={markOfDeploy(newest)} label={phaseInWords(newest)} size={14} />
        <p>
          <span role={newest.phase === 'stuck' ? 'alert' : 'status'}>{newest.sentence}</span>{' '}
          {newest.failure !== null && !newest.sentence.includes(newest.failure) && newest.failure}{' '}
          {newest.phase === 'probation' && newest.probation && <Probation probation={newest.probation} />}{' '}
          {newest.downMs !== null && <span className="dim">Services were away for {duration(newest.downMs)}. </span>}
          <Link to={`/timeline?operation=${encodeURIComponent(newest.job ?? newest.id)}`}>On the timeline</Link>
        </p>
        <div className={styles.actions}>
          {newest.phase === 'probation' && (
            <Button disabled={busy} onClick={() => void run((calls) => calls.deploys.commit({ deploy: newest.id }))}>
              It is good
            </Button>
          )}
          {newest.phase === 'stuck' && !running && (
            <Button variant="filled" disabled={busy} onClick={() => void settle()}>
              Try again
            </Button>
          )}
          {!running && newest.phase === 'probation' && <Button onClick={onRollBack}>Roll back…</Button>}
          {newest.job !== null && (
            <Button aria-expanded={showLog} onClick={() => setShowLog(!showLog)}>
              {showLog ? 'Hide the log' : 'Log'}
            </Button>
          )}
        </div>
      </div>
      {running && <JobBar job={job} />}
      {running && <JobSteps job={job} />}
      {running && job.noReturn !== null && <p className="dim">{job.noReturn}</p>}
      {newest.job !== null && showLog && (
        <div className={styles.log}>
          <JobLog job={newest.job} />
        </div>
      )}
      {(running || !isOver(newest)) && <CommandLine command={nextCommand(newest)} />}
    </Panel>
  )
}

function Probation({ probation }: { readonly probation: NonNullable<DeployView['probation']> }) {
  const now = useNow()
  const left = Math.max(0, probation.until - now)
  const crashes =
    probation.crashes > 0
      ? ` ${counted(probation.crashes, 'crash', 'crashes')} so far, ${probation.allowed} allowed.`
      : ''
  return (
    <span>
      Final in {duration(left)} if all stays well.{crashes}
    </span>
  )
}
