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
      }),
    )
    .output(z.object({ events: z.array(eventSchema), more: z.boolean() })),
  /** One event with the chain of its causes (itself first, root last) and its direct effects. */
  chain: procedure
    .input(z.object({ id: z.string() }))
    .output(z.object({ causes: z.array(eventSchema), effects: z.array(eventSchema) })),
}
