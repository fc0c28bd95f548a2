import { z } from 'zod'

/** What a restore point says of a database that a restore replaced: under which name the former one stands on its server. */
export const keptDatabaseSchema = z.object({
  service: z.string(),
  title: z.string(),
  /** Name of the database that services use. */
  database: z.string(),
  where: z.string(),
  /** Null: there was none before. */
  name: z.string().nullable(),
})
export type KeptDatabase = z.infer<typeof keptDatabaseSchema>
