import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'

/**
 * The chain of services that decides how long the site takes to start. Slice `startPath`, the one id `start`; absent while the
 * site has no services.
 */
export const startPathViewSchema = z.object({
  /** Measured in the last start of everything, expected from earlier starts, or only the longest chain of needs. */
  basis: z.enum(['last start', 'earlier starts', 'shape']),
  /** When that start ended. */
  at: z.number().nullable(),
  /** How long all of it takes, milliseconds; null where nothing was measured yet. */
  totalMs: z.number().nullable(),
  /** In the order in which they start, each with its share of the whole. */
  links: z.array(z.object({ service: idSchema, ms: z.number().nullable() })),
})
export type StartPathView = z.infer<typeof startPathViewSchema>
