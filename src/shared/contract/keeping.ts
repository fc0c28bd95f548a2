import { z } from 'zod'
import {
  keepSchema,
  leftOutSchema,
  pruneFiguresSchema,
  removalPlanSchema,
  retentionPreviewSchema,
} from './keeping-views.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

export const keepingContract = {
  /** What rules would keep and remove; `null`: those in use. Touches nothing. */
  preview: procedure.input(z.object({ keep: keepSchema.nullable() })).output(retentionPreviewSchema),
  /** Applies the rules in use now, as the next scheduled backup would. `remove`: what the operator saw would go. */
  apply: procedure.input(z.object({ remove: z.array(z.string()).nullable() })).output(startedJobSchema),
  /** Writes other rules into site.yaml and puts them to use; removes nothing yet. */
  save: procedure.input(z.object({ keep: keepSchema })).output(z.object({})),
  /** What a prune would free. */
  planPrune: procedure.output(pruneFiguresSchema),
  prune: procedure.output(startedJobSchema),
  planRemoval: procedure.input(z.object({ snapshot: z.string() })).output(removalPlanSchema),
  remove: procedure.input(z.object({ snapshot: z.string() })).output(startedJobSchema),
  /** An operator says that the site is rightly smaller since this snapshot. */
  acceptShrink: procedure.input(z.object({ snapshot: z.string() })).output(z.object({})),
  leftOut: procedure.input(z.object({ kind: z.enum(['full', 'data']) })).output(leftOutSchema),
}
