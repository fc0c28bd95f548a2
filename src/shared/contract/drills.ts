import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'

export const drillDeedSchema = z.enum(['kill', 'freeze', 'cut-broker', 'corrupt-database'])
export type DrillDeed = z.infer<typeof drillDeedSchema>

/** One drill that was done. Times are on the monotonic clock, counted from the failure that was brought about. */
export const drillRunSchema = z.object({
  /** Id of its job. */
  id: z.string(),
  drill: idSchema,
  title: z.string(),
  service: idSchema,
  do: drillDeedSchema,
  /** Whether a schedule began it. */
  scheduled: z.boolean(),
  at: z.number(),
  endedAt: z.number().nullable(),
  /** `completed`: noticed, and healthy again in time. `interrupted`: the console ended meanwhile, and undid it at its next start. */
  state: z.enum(['running', 'completed', 'failed', 'cancelled', 'interrupted']),
  /** Milliseconds until the console noticed; null when it did not. */
  detectMs: z.number().nullable(),
  /** Milliseconds until the service was healthy again; null when it was not in time. */
  recoverMs: z.number().nullable(),
  /** What noticed it, one sentence. */
  detectedBy: z.string().nullable(),
  /** What put it right, one sentence. */
  recoveredBy: z.string().nullable(),
  /** Restarts of the service meanwhile. */
  restarts: z.number().int(),
  /** What was lost, one sentence; null when nothing is known to be. */
  lost: z.string().nullable(),
  /** The result, one sentence. */
  verdict: z.string(),
})
export type DrillRun = z.infer<typeof drillRunSchema>

/** A drill that can be done. Slice `drills`, by its id. */
export const drillViewSchema = z.object({
  id: idSchema,
  title: z.string(),
  service: idSchema,
  do: drillDeedSchema,
  /** Whether site.yaml names it; the others every service has. */
  declared: z.boolean(),
  schedule: z.string().nullable(),
  nextAt: z.number().nullable(),
  withinMs: z.number(),
  /** Its job while it runs. */
  job: z.string().nullable(),
  last: drillRunSchema.nullable(),
  /** Milliseconds to recover of the newest 20 that completed, newest last. */
  trend: z.array(z.number()),
  commandLine: z.string(),
})
export type DrillView = z.infer<typeof drillViewSchema>

/** What a drill is going to do, told before it is done. */
export const drillPlanSchema = z.object({
  sentence: z.string(),
  steps: z.array(z.string()),
  /** The service itself and those that need it, with what happens to each. */
  services: z.array(z.object({ id: idSchema, why: z.string() })),
  /** What may be lost, one sentence. */
  risk: z.string(),
  /** How it can be ended. */
  undo: z.string(),
  /** Why it cannot be done now; null when it can. */
  refusal: z.string().nullable(),
  commandLine: z.string(),
})
export type DrillPlan = z.infer<typeof drillPlanSchema>

export const drillsContract = {
  plan: procedure.input(z.object({ drill: idSchema })).output(drillPlanSchema),
  /** Does it now, as a job. Refused while a job runs, during maintenance, and while the service is not healthy. */
  run: procedure.input(z.object({ drill: idSchema })).output(z.object({ job: z.string() })),
  /** The last 100, newest first; of one drill when it is named. */
  history: procedure
    .input(z.object({ drill: idSchema.optional() }))
    .output(z.object({ runs: z.array(drillRunSchema) })),
}
