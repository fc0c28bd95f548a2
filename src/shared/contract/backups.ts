import { z } from 'zod'
import { mostPaths, pathKeySchema } from '../path-key.ts'
import { idSchema } from '../vocabulary.ts'
import { lossesSchema } from './losses.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'
import { snapshotCopiesContract } from './snapshot-copies.ts'
import { snapshotFilesContract } from './snapshot-files.ts'
import { snapshotViewSchema } from './state.ts'

/** Paths below the site folder, as path keys; null: everything that the snapshot covers. */
export const pathsSchema = z.array(pathKeySchema).min(1).max(mostPaths).nullable()

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
  /** Databases of servers; each counts as one under `add`, `change` or `delete`. */
  databases: z.array(z.object({ title: z.string(), what: z.enum(['add', 'change', 'delete']) })),
  services: z.array(idSchema),
  /** Why each of them stops, where only those stop that use what is restored; empty when all do. */
  stops: z.array(z.object({ service: idSchema, why: z.string() })),
  /** What is restored of the snapshot, as path keys; null: everything. */
  paths: pathsSchema,
  /** What this restore leaves alone, and what it makes besides: sentences. */
  notes: z.array(z.string()),
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
  plan: procedure
    .input(z.object({ snapshot: z.string().nullable(), paths: pathsSchema.default(null) }))
    .output(restorePlanSchema),
  /** What that restore would lose. Counts rows, which may take half a minute; giving up on the answer stops it. */
  losses: procedure.input(z.object({ snapshot: z.string(), paths: pathsSchema.default(null) })).output(lossesSchema),
  /** `fingerprint` of the plan that the operator saw, or `null` to restore without having looked. */
  restore: procedure
    .input(
      z.object({
        snapshot: z.string().nullable(),
        paths: pathsSchema.default(null),
        fingerprint: z.string().nullable(),
      }),
    )
    .output(startedJobSchema),
  planUndo: procedure.output(restorePlanSchema),
  /** Goes back to the state before the last restore (or undo), damage included. */
  undo: procedure.input(z.object({ fingerprint: z.string().nullable() })).output(startedJobSchema),
  /** Reads every byte of a snapshot back and opens its databases. */
  verify: procedure.input(z.object({ snapshot: z.string() })).output(startedJobSchema),
  /** Looking into a snapshot: its folders, files, and what became of them since. */
  files: snapshotFilesContract,
  /** Snapshots that leave the repository, or come into it. */
  copies: snapshotCopiesContract,
  pin: procedure.input(z.object({ snapshot: z.string(), pinned: z.boolean() })).output(z.object({})),
}
