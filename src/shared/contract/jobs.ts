import { z } from 'zod'
import { procedure } from './procedure.ts'
import { jobViewSchema } from './state.ts'

export const jobsContract = {
  get: procedure
    .input(z.object({ job: z.string() }))
    .output(z.object({ job: jobViewSchema, log: z.array(z.string()) })),
  /** Answers when the job has ended, or after `within` milliseconds with its state so far. */
  wait: procedure
    .input(z.object({ job: z.string(), within: z.number().int().min(0).max(60_000) }))
    .output(z.object({ job: jobViewSchema })),
  cancel: procedure.input(z.object({ job: z.string() })).output(z.object({})),
}

export const attentionContract = {
  dismiss: procedure.input(z.object({ id: z.string() })).output(z.object({})),
}
