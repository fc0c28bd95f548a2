import { useState } from 'react'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { JobBar } from '../../components/job-progress.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import { CancelJob } from '../actions/watched-jobs.tsx'
import { PlanDialog } from './plan-dialog.tsx'
import { noSource, SourceForm, sourceCommand, sourceOf } from './source-form.tsx'

/**
 * Deploys: asks for the source, brings it while the site runs on, shows what would be touched, and begins with exactly that plan. `release`:
 * one that is there already; then only the plan is shown.
 */
export function DeployDialog({
  release = null,
  onClose,
  onStarted,
}: {
  readonly release?: string | null
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const [typed, setTyped] = useState(noSource)
  const [bringing, setBringing] = useState<string | null>(null)
  const { busy, run } = useAction()
  const job = useEntity('jobs', bringing ?? '')
  const brought = job?.state === 'completed' ? job.data.release : undefined
  const chosen = release ?? (typeof brought === 'string' ? brought : null)
  if (chosen !== null) return <PlanDialog what={{ deploy: chosen }} onClose={onClose} onStarted={onStarted} />
  const source = sourceOf(typed)
  const begin = async () => {
    if (!source) return
    const { unproven, note } = typed
    const started = await run((calls) => calls.deploys.prepare({ source, unproven, note }))
    if (started) setBringing(started.job)
  }
  const running = bringing !== null && (!job || job.state === 'running')
  return (
    <DecisionDialog
      title="Deploy a new release"
      safe={running ? 'Hide (it goes on)' : 'Cancel'}
      act={running ? null : 'Bring it and show what it would touch'}
      onAct={() => void begin()}
      onClose={onClose}
      busy={busy}
      ready={source !== null}
      destructive={false}
      wide
    >
      {running ? (
        <>
          <p role="status">
            {job ? `${job.title}.` : 'The release is brought and checked.'} Nothing of the site is touched.
          </p>
          {job && <JobBar job={job} />}
          {job && (
            <div>
              <CancelJob job={job} />
            </div>
          )}
        </>
      ) : (
        <>
          <p>
            It is brought beside the site and checked first; the site runs on. Then you see what would stop, and for how
            long.
          </p>
          <SourceForm value={typed} onChange={setTyped} />
          {job?.state === 'failed' && (
            <p role="alert">
              <HealthMark health="unhealthy" label="failed" />{' '}
              <Sentence text={job.message ?? 'It could not be brought.'} />{' '}
              {job.remedy !== null && (
                <span className="dim">
                  <Sentence text={job.remedy} />
                </span>
              )}
            </p>
          )}
          {job?.state === 'cancelled' && <p role="status">It was cancelled. Nothing of it is left.</p>}
          <CommandLine command={sourceCommand(typed)} />
        </>
      )}
    </DecisionDialog>
  )
}
