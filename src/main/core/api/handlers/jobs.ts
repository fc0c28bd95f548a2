import type { JobView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { ApiContext } from '../context.ts'
import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const jobsHandlers = {
  get: api.jobs.get.handler(({ input, context }) => ({
    job: jobOf(context, input.job),
    log: [...siteOf(context).jobs.log(input.job)],
  })),
  wait: api.jobs.wait.handler(async ({ input, context, signal }) => {
    const job = jobOf(context, input.job)
    if (job.state !== 'running') return { job }
    const { clock, jobs } = siteOf(context)
    await new Promise<void>((resolve) => {
      const timer = clock.after(input.within, resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
      void jobs.finished(input.job).then(() => {
        timer[Symbol.dispose]()
        resolve()
      })
    })
    return { job: jobs.get(input.job) ?? job }
  }),
  cancel: api.jobs.cancel.handler(async ({ input, context }) => {
    await siteOf(context).jobs.cancel(input.job, context.cause)
    return {}
  }),
}

export const attentionHandlers = {
  dismiss: api.attention.dismiss.handler(async ({ input, context }) => {
    await siteOf(context).attention.dismiss(input.id, context.cause)
    return {}
  }),
}

function jobOf(context: ApiContext, id: string): JobView {
  const job = siteOf(context).jobs.get(id)
  if (job) return job
  throw new ConsoleError('job-unknown', `There is no job ${id}.`, 'Look at the Timeline for what was done earlier.', {
    params: { job: id },
  })
}
