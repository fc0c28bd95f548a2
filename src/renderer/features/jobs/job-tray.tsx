import { Popover } from '@mantine/core'
import { IconLoader } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { JobView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { currentStep, JobBar, JobSteps, markOfJob } from '../../components/job-progress.tsx'
import { Age } from '../../components/time.tsx'
import { useSelected, useSlice } from '../../state/use-shown.ts'
import { CancelJob } from '../actions/watched-jobs.tsx'
import { Why } from '../why/why.tsx'
import { JobLog } from './job-log.tsx'
import styles from './job-tray.module.css'

/** How many jobs run, and behind it every job of late with its progress, steps, log and cancel. */
export function JobTray() {
  const running = useSelected('jobs', (jobs) => Object.values(jobs).filter((job) => job.state === 'running').length)
  const label = running === 0 ? 'Jobs: none runs' : `Jobs: ${running} running`
  const [opened, setOpened] = useState(false)
  // An answer that was opened from a job lies outside the tray; pressing something in it leaves the tray as it is.
  const change = (next: boolean) => {
    if (next || document.querySelector('section[aria-label="Why?"]') === null) setOpened(next)
  }
  return (
    <Popover position="bottom-end" width={480} trapFocus opened={opened} onChange={change}>
      <Popover.Target>
        <button
          type="button"
          className={styles.button}
          aria-label={label}
          title={label}
          onClick={() => setOpened(!opened)}
        >
          <IconLoader size={15} aria-hidden="true" />
          <span>{running === 0 ? 'Jobs' : counted(running, 'job')}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown className={`${styles.tray}`}>
        <Jobs />
      </Popover.Dropdown>
    </Popover>
  )
}

function Jobs() {
  const slice = useSlice('jobs')
  const jobs = useMemo(() => Object.values(slice).sort(byNewest), [slice])
  if (jobs.length === 0) {
    return (
      <p className="dim">
        No job yet. Backups, restores and starting or stopping services appear here with their progress.
      </p>
    )
  }
  return (
    <ul className={styles.jobs} aria-label="Jobs">
      {jobs.slice(0, 30).map((job) => (
        <Job key={job.id} job={job} />
      ))}
    </ul>
  )
}

/** Running ones first, then the newest. */
function byNewest(a: JobView, b: JobView): number {
  const rank = (job: JobView) => (job.state === 'running' ? 0 : 1)
  return rank(a) - rank(b) || b.startedAt - a.startedAt
}

function Job({ job }: { readonly job: JobView }) {
  const [open, setOpen] = useState(false)
  const running = job.state === 'running'
  return (
    <li className={styles.job}>
      <div className={styles.head}>
        {running ? null : <HealthMark health={markOfJob(job)} label={job.state} />}
        <button type="button" className={styles.title} aria-expanded={open} onClick={() => setOpen(!open)}>
          {job.title}
        </button>
        <span className="dim">
          <Age at={job.endedAt ?? job.startedAt} />
        </span>
        {running && <CancelJob job={job} />}
      </div>
      <div className="dim">
        {currentStep(job)} {!running && job.remedy}{' '}
        {!running && job.state !== 'completed' && <Why subject={`job:${job.id}`} about={job.title} />}
      </div>
      {running && <JobBar job={job} />}
      {open && (
        <div className={styles.more}>
          <JobSteps job={job} />
          <CommandLine command={job.commandLine} />
          <JobLog job={job.id} />
        </div>
      )}
    </li>
  )
}
