import { Button } from '@mantine/core'
import { Link } from 'react-router'
import type { JobView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { JobBar, JobSteps, markOfJob } from '../../components/job-progress.tsx'
import { Panel } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { useEntity, useSelected } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { backupKinds, CancelJob } from '../actions/watched-jobs.tsx'
import styles from './backup-jobs.module.css'

/** The backup or restore that runs, step by step; and the result of the last restore, with its Undo. */
export function BackupJobs() {
  const running = useSelected('jobs', (jobs) =>
    newest(jobs, (job) => job.state === 'running' && backupKinds.test(job.kind)),
  )
  const last = useSelected('jobs', (jobs) =>
    newest(jobs, (job) => job.state !== 'running' && backupKinds.test(job.kind) && !isToldElsewhere(job)),
  )
  return (
    <>
      {running && (
        <Panel title={running.title} className={styles.running} aside={<CancelJob job={running} />}>
          <JobBar job={running} />
          <JobSteps job={running} />
          {running.noReturn !== null && <p className="dim">{running.noReturn}</p>}
          <CommandLine command={running.commandLine} />
        </Panel>
      )}
      {last && !running && <Result job={last} />}
    </>
  )
}

function Result({ job }: { readonly job: JobView }) {
  const { ask } = useActions()
  const undo = useEntity('backups', 'backups')?.undo
  const restored = /^(restore|undo)|\.(restore|undo)/.test(job.kind)
  return (
    <div className={styles.result} data-state={job.state} role={job.state === 'failed' ? 'alert' : 'status'}>
      <HealthMark health={markOfJob(job)} label={job.state} size={14} />
      <p>
        {job.message ?? `${job.title}: ${job.state}.`}{' '}
        {job.remedy !== null && <span className="dim">{job.remedy} </span>}
        <span className="dim">
          {job.endedAt !== null && <Time at={job.endedAt} />}{' '}
          <Link to={`/timeline?operation=${encodeURIComponent(job.id)}`}>On the timeline</Link>
        </span>
      </p>
      {restored && undo && <Button onClick={() => ask({ type: 'undo' })}>Undo…</Button>}
    </div>
  )
}

/** A copy follows each backup. One that came out well is told at its place, and must not hide what the backup or a restore came to. */
function isToldElsewhere({ kind, state }: JobView): boolean {
  return kind === 'backup.copy' && state !== 'failed'
}

function newest(jobs: Readonly<Record<string, JobView>>, wanted: (job: JobView) => boolean): JobView | undefined {
  return Object.values(jobs)
    .filter(wanted)
    .sort((a, b) => b.startedAt - a.startedAt)[0]
}
