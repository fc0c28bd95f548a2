import { z } from 'zod'
import { eventSchema, severitySchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'

export const eventFilterSchema = z.object({
  subject: z.string().max(300).optional(),
  /** Prefix of the kind. */
  kind: z.string().max(300).optional(),
  atLeast: severitySchema.optional(),
  operation: z.string().max(300).optional(),
  /** Words that message, subject or kind must contain, each as the beginning of a word there (`event-text.ts`). */
  text: z.string().max(500).optional(),
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
    .output(
      z.object({
        events: z.array(eventSchema),
        more: z.boolean(),
        /**
         * Where to go on, as `before` or `after`, while there is more. A search that takes too long answers with what it has found so
         * far, which may be nothing, and goes on from here.
         */
        reached: z.number().int().nullable(),
      }),
    ),
  /**
   * How many events there are over time, for the scrubber: the whole log, or what a filter lets through. Buckets are of equal length,
   * oldest first; those without an event are left out. `indexedTo` is the last sequence that text search and counts know by their index.
   * With a filter the buckets are those of the whole log, so that both can be laid over each other. `countedFrom` is null when everything
   * is counted; else there was too much for the time, and only events with this sequence or a later one are.
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
      countedFrom: z.number().int().nullable(),
    }),
  ),
  /** One event with the chain of its causes (itself first, root last) and its direct effects: the first 1,000, and how many there are. */
  chain: procedure
    .input(z.object({ id: z.string().max(300) }))
    .output(z.object({ causes: z.array(eventSchema), effects: z.array(eventSchema), effectsTotal: z.number().int() })),
}
