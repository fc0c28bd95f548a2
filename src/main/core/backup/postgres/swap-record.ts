import { z } from 'zod'
import { databaseAccessSchema } from './access-record.ts'

/**
 * A database that a swap exchanges by renaming: the one called `access.name` is called `kept` afterwards, the one called `fresh` takes its name.
 * `add`: there is none to be kept; `delete`: there is none to take its place.
 */
export const swapDatabaseSchema = z.object({
  access: databaseAccessSchema,
  title: z.string(),
  what: z.enum(['add', 'replace', 'delete']),
  fresh: z.string().nullable(),
  kept: z.string().nullable(),
})
export type SwapDatabase = z.infer<typeof swapDatabaseSchema>
