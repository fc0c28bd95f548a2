import { Link } from 'react-router'
import type { JobView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { currentStep, JobBar, markOfJob } from '../../components/job-progress.tsx'
import { Age } from '../../components/time.tsx'
import { CancelJob } from '../actions/watched-jobs.tsx'
import styles from './job-beside.module.css'

/** The job that works on what is shown, beside it: how far it is, and afterwards whether it worked. */
export function JobBeside({ job }: { readonly job: JobView }) {
  if (job.state === 'running') {
    return (
      <div className={styles.job}>
        <div className={styles.line}>
          <p role="status">
            <strong>{job.title}</strong>
          </p>
          <CancelJob job={job} />
        </div>
        <p className="dim">{currentStep(job)}</p>
        <JobBar job={job} />
        <CommandLine command={job.commandLine} />
      </div>
    )
  }
  const failed = job.state === 'failed'
  return (
    <div className={styles.job} data-state={job.state} role={failed ? 'alert' : 'status'}>
      <p>
        <HealthMark health={markOfJob(job)} label={job.state} /> <strong>{job.title}</strong>{' '}
        {job.message ?? `${job.state}.`} {job.remedy !== null && <span className="dim">{job.remedy} </span>}
        <span className="dim">
          {job.endedAt !== null && <Age at={job.endedAt} />}{' '}
          <Link to={`/timeline?operation=${encodeURIComponent(job.id)}`}>On the timeline</Link>
        </span>
      </p>
    </div>
  )
}
