import type { JobContext, Jobs } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'

const busyTries = 3

/**
 * Runs another job as a part of one: waits for the lane when somebody else has it, calls it off with its own, and rejects with
 * its sentence when it fails. Resolves with its facts.
 */
export async function nestedJob(
  begin: () => Promise<{ readonly job: string }>,
  jobs: Jobs,
  context: JobContext,
  signal: AbortSignal | null,
): Promise<Readonly<Record<string, unknown>>> {
  const job = await begun(begin, jobs, context)
  const cancel = () => void jobs.cancel(job, context.cause).catch(() => {})
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    if (signal?.aborted) cancel()
    const view = await jobs.finished(job)
    signal?.throwIfAborted()
    if (view.state === 'completed') {
      if (view.message) context.log(view.message)
      return view.data
    }
    throw new ConsoleError(
      'part-failed',
      view.message ?? `"${view.title}" did not end as it should.`,
      view.remedy ?? 'Put that right, then try again.',
      { params: { job } },
    )
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

async function begun(begin: () => Promise<{ readonly job: string }>, jobs: Jobs, context: JobContext): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await begin()).job
    } catch (error) {
      const busy = error instanceof ConsoleError && error.problem.code === 'job-busy'
      const other = busy ? String(error.problem.params?.job ?? '') : ''
      if (other === '' || attempt >= busyTries) throw error
      context.log(`Waiting for another job: ${error instanceof Error ? error.message : ''}`)
      await jobs.finished(other)
    }
  }
}
