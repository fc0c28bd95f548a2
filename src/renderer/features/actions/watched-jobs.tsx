import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useEffect } from 'react'
import { useLocation } from 'react-router'
import type { JobView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { currentStep, JobBar, markOfJob } from '../../components/job-progress.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { showsItsJob } from '../diagnose/store-jobs.ts'
import { useActions } from './asking.ts'
import styles from './watched-jobs.module.css'

/** How long a good result stays, milliseconds. What failed stays until it is dismissed. */
const goodResultStays = 12_000

/** The jobs that were started from this window, at the foot of every page: is it happening, did it work. */
export function WatchedJobs({
  jobs,
  onForget,
}: {
  readonly jobs: readonly string[]
  readonly onForget: (job: string) => void
}) {
  if (jobs.length === 0) return null
  return (
    <section className={styles.strip} aria-label="Started from here">
      {jobs.map((job) => (
        <WatchedJob key={job} id={job} onForget={onForget} />
      ))}
    </section>
  )
}

function WatchedJob({ id, onForget }: { readonly id: string; readonly onForget: (job: string) => void }) {
  const job = useEntity('jobs', id)
  const { clock } = usePage()
  const done = job?.state === 'completed'
  useEffect(() => {
    if (!done) return
    const timer = clock.after(goodResultStays, () => onForget(id))
    return () => timer[Symbol.dispose]()
  }, [clock, done, id, onForget])
  const { pathname } = useLocation()
  // Pages that show their own jobs at length: Backups, Deploys, Diagnose, the drawer of a database.
  if (pathname.startsWith('/deploys') && job && /^deploy\.(run|roll-back)$/.test(job.kind)) return null
  if (!job || (pathname.startsWith('/backups') && backupKinds.test(job.kind)) || showsItsJob(pathname, job)) return null
  const running = job.state === 'running'
  return (
    <div className={styles.job} data-state={job.state}>
      <div className={styles.words} role={job.state === 'failed' ? 'alert' : 'status'}>
        {!running && <HealthMark health={markOfJob(job)} label={job.state} />}
        <strong>{job.title}</strong>
        <span className={styles.step}>
          <Sentence text={currentStep(job)} />
          {!running && job.remedy && (
            <span className="dim">
              {' '}
              <Sentence text={job.remedy} />
            </span>
          )}
        </span>
      </div>
      <div className={styles.tools}>
        {job.state === 'failed' && <CommandLine command={job.commandLine} />}
        {running && <CancelJob job={job} />}
        {job.kind.startsWith('restore') && job.state === 'completed' && <UndoButton />}
        <ActionIcon aria-label={running ? 'Hide (it goes on)' : 'Dismiss'} onClick={() => onForget(id)}>
          <IconX size={15} />
        </ActionIcon>
      </div>
      {running && <JobBar job={job} />}
    </div>
  )
}

/** Jobs that the Backups page shows: their steps while they run, and their result. */
export const backupKinds = /^(backup|restore|undo|snapshot)/

function UndoButton() {
  const { ask } = useActions()
  const backups = useEntity('backups', 'backups')
  if (!backups?.undo) return null
  return <Button onClick={() => ask({ type: 'undo' })}>Undo…</Button>
}

/** Cancels a running job, or says why that is no longer possible. */
export function CancelJob({ job }: { readonly job: JobView }) {
  const { busy, run } = useAction()
  const why = job.noReturn ?? (job.cancellable ? null : 'This job cannot be cancelled.')
  const button = (
    <Button
      size="compact-xs"
      disabled={why !== null || busy}
      onClick={() => void run((calls) => calls.jobs.cancel({ job: job.id }))}
      aria-label={`Cancel ${job.title}`}
    >
      Cancel
    </Button>
  )
  return why === null ? (
    button
  ) : (
    <Tooltip label={why}>
      <span>{button}</span>
    </Tooltip>
  )
}
