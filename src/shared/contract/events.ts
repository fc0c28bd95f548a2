import { z } from 'zod'
import { eventSchema, severitySchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'

export const eventFilterSchema = z.object({
  subject: z.string().optional(),
  /** Prefix of the kind. */
  kind: z.string().optional(),
  atLeast: severitySchema.optional(),
  operation: z.string().optional(),
  text: z.string().optional(),
})

export const eventsContract = {
  page: procedure
    .input(
      eventFilterSchema.extend({
        before: z.number().int().optional(),
        after: z.number().int().optional(),
        limit: z.number().int().min(1).max(1_000),
        /** Newest first unless told; with `after` alone, oldest first. */
        order: z.enum(['newest', 'oldest']).optional(),
      }),
    )
    .output(z.object({ events: z.array(eventSchema), more: z.boolean() })),
  /**
   * How many events there are over time, for the scrubber: the whole log, or what a filter lets through. Buckets are of equal length,
   * oldest first; those without an event are left out. `indexedTo` is the last sequence that text search and counts know by their index.
   */
  span: procedure.input(eventFilterSchema.extend({ buckets: z.number().int().min(10).max(400) })).output(
    z.object({
      total: z.number().int(),
      oldest: z.object({ seq: z.number().int(), at: z.number() }).nullable(),
      newest: z.object({ seq: z.number().int(), at: z.number() }).nullable(),
      bucketMs: z.number(),
      buckets: z.array(
        z.object({
          /** Wall-clock start. */
          at: z.number(),
          firstSeq: z.number().int(),
          lastSeq: z.number().int(),
          /** One count per severity, least severe first. */
          counts: z.array(z.number().int()),
        }),
      ),
      indexedTo: z.number().int(),
    }),
  ),
  /** One event with the chain of its causes (itself first, root last) and its direct effects. */
  chain: procedure
    .input(z.object({ id: z.string() }))
    .output(z.object({ causes: z.array(eventSchema), effects: z.array(eventSchema) })),
}
