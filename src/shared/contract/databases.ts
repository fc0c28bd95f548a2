import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

const service = z.object({ service: idSchema })

/** What recovering a database would do, shown before it is done. */
export const recoveryPlanSchema = z.object({
  sentence: z.string(),
  /** What is tried, in order. */
  steps: z.array(z.string()),
  /** Services that are stopped for it and started again. */
  services: z.array(idSchema),
  /** What is lost at most: from the newest good copy until now. Null when there is no copy. */
  lost: z.object({ from: z.number(), to: z.number() }).nullable(),
  undo: z.string(),
  commandLine: z.string(),
})
export type RecoveryPlan = z.infer<typeof recoveryPlanSchema>

/** Databases that the site uses; their figures are the slice `databases`. */
export const databasesContract = {
  /** Reads the whole database for damage (SQLite), or asks it whether it works (PostgreSQL). */
  check: procedure.input(service).output(startedJobSchema),
  /** Takes a checked copy of a SQLite database now. */
  copy: procedure.input(service).output(startedJobSchema),
  planRecovery: procedure.input(service).output(recoveryPlanSchema),
  /** SQLite only: quarantine, newest good copy, salvage. */
  recover: procedure.input(service).output(startedJobSchema),
}
