import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'
import { snapshotViewSchema } from './state.ts'

/** What a restore will do, worked out before anything is touched. */
export const restorePlanSchema = z.object({
  snapshot: z.string(),
  /** Names exactly this plan; the restore refuses when the site has changed in a way that makes it untrue. */
  fingerprint: z.string(),
  sentence: z.string(),
  add: z.number().int(),
  change: z.number().int(),
  delete: z.number().int(),
  /** Bytes to be written, and bytes free on the site's disk. */
  bytes: z.number(),
  freeBytes: z.number().nullable(),
  /** Up to 500 entries, the most telling first; `hidden` more are not listed. */
  entries: z.array(z.object({ path: z.string(), what: z.enum(['add', 'change', 'delete']), bytes: z.number() })),
  hidden: z.number().int(),
  services: z.array(idSchema),
  warnings: z.array(z.string()),
  undo: z.string(),
  commandLine: z.string(),
})
export type RestorePlan = z.infer<typeof restorePlanSchema>

export const backupsContract = {
  create: procedure
    .input(z.object({ kind: z.enum(['full', 'data']), note: z.string().max(500).default('') }))
    .output(startedJobSchema),
  snapshots: procedure.output(z.object({ snapshots: z.array(snapshotViewSchema) })),
  /** Works out what restoring a snapshot would change; `null` is the newest good one. Touches nothing. */
  plan: procedure.input(z.object({ snapshot: z.string().nullable() })).output(restorePlanSchema),
  /** `fingerprint` of the plan that the operator saw, or `null` to restore without having looked. */
  restore: procedure
    .input(z.object({ snapshot: z.string().nullable(), fingerprint: z.string().nullable() }))
    .output(startedJobSchema),
  planUndo: procedure.output(restorePlanSchema),
  /** Goes back to the state before the last restore (or undo), damage included. */
  undo: procedure.input(z.object({ fingerprint: z.string().nullable() })).output(startedJobSchema),
  /** Reads every byte of a snapshot back and opens its databases. */
  verify: procedure.input(z.object({ snapshot: z.string() })).output(startedJobSchema),
  pin: procedure.input(z.object({ snapshot: z.string(), pinned: z.boolean() })).output(z.object({})),
}
