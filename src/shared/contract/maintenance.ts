import { z } from 'zod'
import { procedure } from './procedure.ts'

/** Maintenance of the open site. Slice `maintenance`, the one id `maintenance`. */
export const maintenanceViewSchema = z.object({
  on: z.boolean(),
  /** Why, in the words of whoever switched it on; empty when nothing was said. */
  reason: z.string(),
  since: z.number().nullable(),
  /** When it ends by itself, wall-clock milliseconds. Follows a clock that is set. */
  until: z.number().nullable(),
  /** The event of its beginning. */
  event: z.string().nullable(),
  /** What it has held back so far. */
  held: z.object({ restarts: z.number().int(), recoveries: z.number().int(), cards: z.number().int() }),
  /** What the last one held back, since the site was opened. */
  last: z.object({ at: z.number(), sentence: z.string() }).nullable(),
})
export type MaintenanceView = z.infer<typeof maintenanceViewSchema>

export const maintenanceContract = {
  /** Switches maintenance on for a time, or gives it another end and reason. Milliseconds, a minute to a week. */
  on: procedure
    .input(
      z.object({
        forMs: z
          .number()
          .int()
          .min(60_000)
          .max(7 * 86_400_000),
        reason: z.string().max(500),
      }),
    )
    .output(z.object({ until: z.number() })),
  /** Ends it now; what it held back is done and told. */
  off: procedure.output(z.object({})),
}
