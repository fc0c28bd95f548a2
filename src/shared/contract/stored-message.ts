import { z } from 'zod'
import { broughtSchema } from '../brought.ts'

/** A message apart from the moment at which it passed: recorded, exported, or tried on a route. */
export const storedMessageSchema = z.object({
  /** Wall-clock milliseconds at which it passed. */
  at: z.number(),
  topic: z.string().min(1).max(65_535),
  payload: z.string().max(4 * 1024 * 1024),
  encoding: z.enum(['utf8', 'hex']),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  retain: z.boolean(),
  /** The broker that it came from; missing where that is not known. */
  broker: z.string().max(100).optional(),
  /** The client of the embedded broker that published it; missing where that is not known. */
  client: z.string().max(65_535).optional(),
  /** What it brought; missing when it brought nothing. */
  properties: broughtSchema.optional(),
})
export type StoredMessage = z.infer<typeof storedMessageSchema>
