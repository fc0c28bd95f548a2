import { z } from 'zod'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

export const releaseSourceViewSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folder: z.string() }),
  z.object({ kind: z.literal('archive'), file: z.string() }),
  z.object({ kind: z.literal('git'), repository: z.string(), ref: z.string() }),
  /** In `releases/` before the console looked, or back with a restore. */
  z.object({ kind: z.literal('found') }),
  /** `current` leads out of `releases/`. */
  z.object({ kind: z.literal('elsewhere'), folder: z.string() }),
  /** The site folder itself. */
  z.object({ kind: z.literal('site-folder') }),
])

/** A release of the site. Slice `releases`, by its id. */
export const releaseViewSchema = z.object({
  id: z.string(),
  folder: z.string(),
  at: z.number(),
  source: releaseSourceViewSchema,
  version: z.string().nullable(),
  digest: z.string().nullable(),
  proof: z.enum(['manifest', 'computed']).nullable(),
  files: z.number().nullable(),
  bytes: z.number().nullable(),
  commit: z.string().nullable(),
  schema: z.string().nullable(),
  state: z.enum(['active', 'previous', 'ready', 'gone']),
  verdict: z.object({ verdict: z.enum(['good', 'bad']), why: z.string(), at: z.number() }).nullable(),
  pinned: z.boolean(),
  note: z.string(),
  restorePoint: z.string().nullable(),
  activeSince: z.number().nullable(),
  verified: z.object({ at: z.number(), ok: z.boolean(), sentence: z.string() }).nullable(),
  /** Why it cannot be removed now, as the end of a sentence; null when it can. */
  held: z.string().nullable(),
})
export type ReleaseView = z.infer<typeof releaseViewSchema>

const changedFile = { path: z.string(), bytes: z.number() }
/** Files of two releases compared: the first 2,000 of each kind, the rest counted. */
export const releaseDifferenceViewSchema = z.object({
  from: z.string(),
  to: z.string(),
  sentence: z.string(),
  added: z.array(z.object(changedFile)),
  removed: z.array(z.object(changedFile)),
  changed: z.array(z.object({ ...changedFile, before: z.number() })),
  unchanged: z.number().int(),
  hidden: z.number().int(),
  commandLine: z.string(),
})
export type ReleaseDifferenceView = z.infer<typeof releaseDifferenceViewSchema>

const releaseId = z.string().min(1).max(100)

export const releasesContract = {
  list: procedure.output(z.object({ releases: z.array(releaseViewSchema) })),
  /** `from` null: the active one. */
  difference: procedure
    .input(z.object({ from: releaseId.nullable().default(null), to: releaseId }))
    .output(releaseDifferenceViewSchema),
  /** Reads every file of it again. */
  verify: procedure.input(z.object({ release: releaseId })).output(startedJobSchema),
  pin: procedure.input(z.object({ release: releaseId, pinned: z.boolean() })).output(z.object({})),
  note: procedure.input(z.object({ release: releaseId, note: z.string().max(500) })).output(z.object({})),
  /** Takes back that a release was found bad, because a person knows better. */
  unmark: procedure.input(z.object({ release: releaseId })).output(z.object({})),
  remove: procedure.input(z.object({ release: releaseId })).output(startedJobSchema),
}
