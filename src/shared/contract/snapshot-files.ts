import { z } from 'zod'
import { pathKeySchema } from '../path-key.ts'
import { procedure } from './procedure.ts'

/** A folder of a snapshot, as a path key; `''` is the site folder. */
export const folderKeySchema = z.union([z.literal(''), pathKeySchema])

const kindSchema = z.enum(['folder', 'file', 'link', 'database'])

/** One entry of a folder in a snapshot. */
export const fileViewSchema = z.object({
  path: pathKeySchema,
  /** Its name for people: bytes that are not UTF-8 and control characters are marks. */
  name: z.string(),
  kind: kindSchema,
  /** Of a file; null for folders and links. */
  bytes: z.number().nullable(),
  /** When it was last written, wall-clock milliseconds. */
  at: z.number(),
  /** Permission bits. */
  mode: z.number().int(),
  owner: z.string(),
  /** It changed each time it was read: its parts may not belong together. */
  torn: z.boolean(),
  /** Where a link leads. */
  target: z.string().nullable(),
})
export type FileView = z.infer<typeof fileViewSchema>

const countsShape = { added: z.number().int(), changed: z.number().int(), deleted: z.number().int() }

/** What became of an entry since the snapshot; for folders also how much in it. */
export const fileChangeSchema = z.object({
  path: pathKeySchema,
  name: z.string(),
  kind: kindSchema,
  /** `inside`: a folder that is there on both sides, with changes in it. */
  what: z.enum(['added', 'changed', 'deleted', 'inside']),
  ...countsShape,
})
export type FileChange = z.infer<typeof fileChangeSchema>

/** Since the snapshot: from it to the site as it is now, or to another snapshot. */
export const folderChangesSchema = z.object({
  ...countsShape,
  /** Entries directly in the folder that differ, or have differences in them. */
  entries: z.array(fileChangeSchema),
  /** So many more differ and are not listed. */
  hidden: z.number().int(),
})
export type FolderChanges = z.infer<typeof folderChangesSchema>

/** Bytes that one answer carries at most. */
export const mostPiece = 1024 * 1024

/** Looking into a snapshot. Nothing here changes anything. */
export const snapshotFilesContract = {
  /** A part of a folder's entries: folders first, then by the bytes of their names. */
  list: procedure
    .input(
      z.object({
        snapshot: z.string(),
        folder: folderKeySchema.default(''),
        from: z.number().int().min(0).default(0),
        limit: z.number().int().min(1).max(1_000).default(500),
      }),
    )
    .output(z.object({ entries: z.array(fileViewSchema), total: z.number().int() })),
  /** What became of a folder since the snapshot. May take long for large folders; giving up on the answer stops the work. */
  changes: procedure
    .input(z.object({ snapshot: z.string(), folder: folderKeySchema.default(''), against: z.string().default('now') }))
    .output(folderChangesSchema),
  /** A piece of a file, at most 1 MiB. */
  read: procedure
    .input(
      z.object({
        snapshot: z.string(),
        path: pathKeySchema,
        offset: z.number().int().min(0).default(0),
        length: z.number().int().min(1).max(mostPiece).default(mostPiece),
      }),
    )
    .output(z.object({ base64: z.string(), bytes: z.number() })),
}
