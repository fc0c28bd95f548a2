import { z } from 'zod'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

const database = z.object({ database: z.enum(['control', 'messages']) })

/** What recovering a database of the console's own store would do, worked out before anything is touched. */
export const storeRecoveryPlanSchema = z.object({
  sentence: z.string(),
  /** What is done and tried, in order. */
  steps: z.array(z.string()),
  /** The newest copy that passes its check now: when it was taken and the time of the newest record in it. */
  copy: z.object({ at: z.number(), newest: z.number().nullable(), bytes: z.number() }).nullable(),
  /** Newer copies that do not pass. */
  passedOver: z.number().int(),
  /** What would be missing. Null when it cannot be told beforehand: without a copy. */
  lost: z.object({ from: z.number(), to: z.number() }).nullable(),
  /** About how long it takes, milliseconds; null when it cannot be told. */
  aboutMs: z.number().nullable(),
  undo: z.string(),
  commandLine: z.string(),
})
export type StoreRecoveryPlan = z.infer<typeof storeRecoveryPlanSchema>

/** The console's own store; its figures are the slice `store`. Calls start jobs, but for the plan. */
export const storeContract = {
  /** Checks a database in a helper process: quick (structure) or full (indexes and foreign keys too). */
  check: procedure.input(database.extend({ kind: z.enum(['quick', 'full']) })).output(startedJobSchema),
  /** Takes a copy now, opened and checked before it counts. */
  copy: procedure.input(database).output(startedJobSchema),
  planRecovery: procedure.input(database).output(storeRecoveryPlanSchema),
  /** Sets the database aside and puts the newest good copy, or what can be salvaged, in its place. */
  recover: procedure.input(database).output(startedJobSchema),
}
