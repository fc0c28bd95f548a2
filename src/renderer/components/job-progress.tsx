import type { JobView } from '#shared/contract/index.ts'
import { useNow } from '../state/use-link.ts'
import { bytes, count, duration } from './figures.ts'
import { HealthMark, type Mark } from './health-mark.tsx'
import styles from './job-progress.module.css'

/** The mark of a job's state. */
export function markOfJob(job: JobView): Mark {
  switch (job.state) {
    case 'completed':
      return 'healthy'
    case 'failed':
      return 'unhealthy'
    case 'interrupted':
    case 'cancelled':
      return 'degraded'
    case 'running':
      return 'unknown'
  }
}

/** What a job is doing right now, in words: its running step and how far it is. */
export function currentStep(job: JobView): string {
  const step = job.steps.find((candidate) => candidate.state === 'running')
  const title = step?.title ?? (job.state === 'running' ? 'Starting' : (job.message ?? job.state))
  return job.progress && job.state === 'running' ? `${title}, ${progressWords(job.progress)}` : title
}

/** A thin bar, of unknown length while the total is not known. */
export function JobBar({ job }: { readonly job: JobView }) {
  const done = job.steps.filter((step) => step.state === 'done' || step.state === 'skipped').length
  const within = job.progress && job.progress.total > 0 ? Math.min(1, job.progress.done / job.progress.total) : 0
  const share =
    job.state === 'completed' ? 1 : job.steps.length === 0 ? within : Math.min(1, (done + within) / job.steps.length)
  return (
    <div
      className={styles.bar}
      role="progressbar"
      aria-label={job.title}
      aria-valuenow={Math.round(share * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={currentStep(job)}
      data-state={job.state}
    >
      <div style={{ width: `${Math.max(2, share * 100)}%` }} />
    </div>
  )
}

/** All steps of a job with their states and how long each took. */
export function JobSteps({ job }: { readonly job: JobView }) {
  const now = useNow()
  return (
    <ol className={styles.steps} aria-label={`Steps of ${job.title}`}>
      {job.steps.map((step) => (
        <li key={step.id} data-state={step.state} aria-current={step.state === 'running' ? 'step' : undefined}>
          <span className={styles.mark}>
            <StepMark state={step.state} />
          </span>
          <span>{step.title}</span>
          {step.state === 'running' && job.progress && <span className="dim">{progressWords(job.progress)}</span>}
          <span className={styles.took}>
            {step.startedAt !== null && duration(Math.max(0, (step.endedAt ?? now) - step.startedAt))}
            {step.state === 'skipped' && 'skipped'}
          </span>
        </li>
      ))}
    </ol>
  )
}

function StepMark({ state }: { readonly state: JobView['steps'][number]['state'] }) {
  switch (state) {
    case 'done':
      return <HealthMark health="healthy" size={10} label="done" />
    case 'failed':
      return <HealthMark health="unhealthy" size={10} label="failed" />
    case 'running':
      return <span className={styles.running} role="img" aria-label="running" />
    case 'pending':
    case 'skipped':
      return <HealthMark health="unknown" size={10} label={state} />
  }
}

function progressWords({ done, total, unit }: { done: number; total: number; unit: string }): string {
  const show = unit === 'bytes' ? bytes : count
  const name = unit === 'bytes' ? '' : ` ${unit}`
  return total > 0 ? `${show(done)} of ${show(total)}${name}` : `${show(done)}${name}`
}
