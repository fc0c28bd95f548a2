import { z } from 'zod'

const count = z.number().int().min(0).max(10_000)

/** How many snapshots are kept: the last ones, and the newest of each of so many periods that have one. */
export const keepSchema = z.object({
  last: count,
  hourly: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
})
export type KeepRules = z.infer<typeof keepSchema>

/** What the rules make of the snapshots. */
export const retentionPreviewSchema = z.object({
  keep: keepSchema,
  /** By snapshot: why it is kept ("kept as weekly 2026-W47"). One that is missing here goes. */
  reasons: z.record(z.string(), z.array(z.string())),
  remove: z.array(z.string()),
  /** Why nothing is removed, when that is so on principle. */
  held: z.string().nullable(),
  /** Bytes that nothing else needs, freed by a prune a day later; null when that was not worked out. */
  bytes: z.number().nullable(),
  sentence: z.string(),
})
export type RetentionPreview = z.infer<typeof retentionPreviewSchema>

/** What a prune frees, or has freed. */
export const pruneFiguresSchema = z.object({
  /** Packs that nothing needs, and their bytes. */
  packs: z.number().int(),
  bytes: z.number(),
  /** Packs of which most was waste: written anew without it, and what that freed. */
  rewritten: z.number().int(),
  saved: z.number(),
  /** What is not needed either, but was not so for long enough, or is too small a share of its packs. */
  waiting: z.object({ packs: z.number().int(), bytes: z.number(), until: z.number().nullable() }),
  /** What could not be done, and why; sentences. */
  notes: z.array(z.string()),
  /** Whether the space kept in reserve had to be given up for it. */
  gaveUpReserve: z.boolean(),
})
export type PruneFigures = z.infer<typeof pruneFiguresSchema>

/** What deleting one snapshot by hand means. */
export const removalPlanSchema = z.object({
  snapshot: z.string(),
  sentence: z.string(),
  bytes: z.number().nullable(),
  /** Why it cannot be deleted, or null. */
  refused: z.string().nullable(),
  warnings: z.array(z.string()),
  commandLine: z.string(),
})
export type RemovalPlan = z.infer<typeof removalPlanSchema>

/** What a backup leaves out, and by which rule. */
export const leftOutSchema = z.object({
  files: z.number().int(),
  bytes: z.number(),
  entries: z.array(z.object({ path: z.string(), rule: z.string(), files: z.number().int(), bytes: z.number() })),
  /** Entries that are not listed. */
  hidden: z.number().int(),
  /** What is backed up beside it. */
  taken: z.object({ files: z.number().int(), bytes: z.number() }),
})
export type LeftOut = z.infer<typeof leftOutSchema>

/** How the snapshots of the site are kept. Slice `keeping`, the one id `keeping`. */
export const keepingViewSchema = z.object({
  /** The rules in use; null while site.yaml cannot be read. */
  keep: keepSchema.nullable(),
  reasons: z.record(z.string(), z.array(z.string())),
  /** What the next run of the rules would remove. */
  remove: z.array(z.string()),
  held: z.string().nullable(),
  schedule: z.array(
    z.object({
      kind: z.enum(['full', 'data']),
      cron: z.string(),
      /** The next dates, the one that is due first. */
      next: z.array(z.number()),
      /** When one was last tried in this run of the console. */
      triedAt: z.number().nullable(),
    }),
  ),
  /** Why scheduled backups wait, or null. */
  paused: z.string().nullable(),
  /** From when on the missing of a good backup is told, and what says so. */
  alertAt: z.number().nullable(),
  alertBy: z.enum(['schedule', 'site.yaml']).nullable(),
  /** How the repository grew, one value a day. */
  growth: z.object({
    points: z.array(z.object({ at: z.number(), bytes: z.number() })),
    /** Null: measured for too short a time. */
    bytesPerDay: z.number().nullable(),
    /** When the disk is full if it goes on like this; null when it does not grow, or nobody knows. */
    fullAt: z.number().nullable(),
  }),
  /** Bytes kept in reserve so that a full disk can still be tidied; null where there is none. */
  reserve: z.number().nullable(),
  lastPrune: z.object({ at: z.number(), sentence: z.string() }).nullable(),
})
export type KeepingView = z.infer<typeof keepingViewSchema>
