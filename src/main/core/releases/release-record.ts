import { z } from 'zod'

/** What is remembered of a release; what it is now (`state`) is looked up. Kept in the database and, the same, in a file. */
export const releaseRecordSchema = z.object({
  id: z.string().min(1).max(100),
  /** Counts changes, so that of two copies the newer one is known. */
  revision: z.number().int(),
  at: z.number(),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('folder'), folder: z.string() }),
    z.object({ kind: z.literal('archive'), file: z.string() }),
    z.object({ kind: z.literal('git'), repository: z.string(), ref: z.string() }),
    z.object({ kind: z.literal('found') }),
    z.object({ kind: z.literal('elsewhere'), folder: z.string() }),
    z.object({ kind: z.literal('site-folder') }),
  ]),
  version: z.string().nullable(),
  digest: z.string().nullable(),
  proof: z.enum(['manifest', 'computed']).nullable(),
  files: z.number().nullable(),
  bytes: z.number().nullable(),
  commit: z.string().nullable(),
  schema: z.string().nullable(),
  verdict: z.object({ verdict: z.enum(['good', 'bad']), why: z.string(), at: z.number() }).nullable(),
  pinned: z.boolean(),
  note: z.string(),
  restorePoint: z.string().nullable(),
  activeSince: z.number().nullable(),
  /** Which switch made it active, counted up; tells what was active before whatever the clock did. 0: none. */
  activeNth: z.number().int(),
  verified: z.object({ at: z.number(), ok: z.boolean(), sentence: z.string() }).nullable(),
})
export type ReleaseRecord = z.infer<typeof releaseRecordSchema>

export function foundRecord(
  id: string,
  at: number,
  source: ReleaseRecord['source'],
  more: Partial<ReleaseRecord> = {},
): ReleaseRecord {
  return {
    id,
    revision: 1,
    at,
    source,
    version: null,
    digest: null,
    proof: null,
    files: null,
    bytes: null,
    commit: null,
    schema: null,
    verdict: null,
    pinned: false,
    note: '',
    restorePoint: null,
    activeSince: null,
    activeNth: 0,
    verified: null,
    ...more,
  }
}
