import type { JobView } from '#shared/contract/state.ts'
import type { Reached } from './reach.ts'
import type { Terminal } from './terminal.ts'
import { bytes } from './words.ts'

/** How often the shown progress is asked for. Milliseconds. */
const askEveryMs = 400

/**
 * Follows a job to its end and returns its final view. Ctrl-C: a job of this command alone is asked to stop, and waited for; one
 * that runs in a console goes on there, and the view so far is returned.
 */
export async function watchJob(reached: Reached, id: string, terminal: Terminal): Promise<JobView> {
  const { calls } = reached.connection
  let interrupted = false
  using _interrupt = terminal.onInterrupt(() => {
    interrupted = true
    if (reached.live) return
    calls.jobs
      .cancel({ job: id })
      .catch((error: unknown) => terminal.err(error instanceof Error ? error.message : String(error)))
  })
  for (;;) {
    const { job } = await calls.jobs.wait({ job: id, within: askEveryMs })
    if (job.state !== 'running') {
      terminal.progress(null)
      return job
    }
    if (interrupted && reached.live) {
      terminal.progress(null)
      terminal.err(`The job goes on in the console: ${job.title}. See it with "wheelhouse events --follow".`)
      return job
    }
    terminal.progress(progressLine(job))
  }
}

/** "Back up ConsultEase: Read the files, 120 of 400 files". */
export function progressLine({ title, steps, progress }: JobView): string {
  const step = steps.find(({ state }) => state === 'running')
  const figure = (value: number) => (progress?.unit === 'bytes' ? bytes(value) : String(value))
  const amount = progress
    ? `, ${figure(progress.done)}${progress.total > 0 ? ` of ${figure(progress.total)}` : ''}${progress.unit === 'bytes' ? '' : ` ${progress.unit}`}`
    : ''
  return `${title}${step ? `: ${step.title}` : ''}${amount}`
}
