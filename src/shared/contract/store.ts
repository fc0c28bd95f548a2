import { z } from 'zod'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

const database = z.object({ database: z.enum(['control', 'messages']) })

/** The console's own store; its figures are the slice `store`. Each call starts a job. */
export const storeContract = {
  /** Checks a database in a helper process: quick (structure) or full (indexes and foreign keys too). */
  check: procedure.input(database.extend({ kind: z.enum(['quick', 'full']) })).output(startedJobSchema),
  /** Takes a copy now, opened and checked before it counts. */
  copy: procedure.input(database).output(startedJobSchema),
  /** Sets the database aside and puts the newest good copy, or what can be salvaged, in its place. */
  recover: procedure.input(database).output(startedJobSchema),
}
