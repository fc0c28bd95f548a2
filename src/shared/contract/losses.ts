import { z } from 'zod'

/** What a restore would lose, worked out before it. */
export const lossesSchema = z.object({
  /** All of it for people, the gravest first. */
  sentences: z.array(z.string()),
  /** Databases that are put back, with the rows of each table now and in the snapshot; null where they were not counted. */
  databases: z.array(
    z.object({
      path: z.string(),
      tables: z.array(
        z.object({ table: z.string(), now: z.number().int().nullable(), stored: z.number().int().nullable() }),
      ),
      note: z.string().nullable(),
    }),
  ),
  /** Files written after the snapshot that change or go. */
  written: z.object({ files: z.number().int(), newest: z.array(z.object({ path: z.string(), at: z.number() })) }),
  /** About so many messages were journalled since; null when that is not known. */
  journalled: z.number().int().nullable(),
  /** Services whose PostgreSQL database a restore leaves alone. */
  postgres: z.array(z.string()),
  /** When the snapshot was taken. */
  since: z.number(),
})
export type Losses = z.infer<typeof lossesSchema>
