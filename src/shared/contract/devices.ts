import { z } from 'zod'
import { procedure } from './procedure.ts'

/** An MQTT client of the embedded broker. Times are wall-clock milliseconds; counts are of its present connection. */
export const brokerClientSchema = z.object({
  id: z.string(),
  /** `host:port` from which it connected. */
  address: z.string().nullable(),
  since: z.number(),
  /** When it last sent a message, or connected. */
  lastAt: z.number(),
  /** Messages from it, and to it. */
  received: z.number().int(),
  sent: z.number().int(),
  /** The first 100 by their filters. */
  subscriptions: z.array(z.object({ filter: z.string(), qos: z.number().int() })),
  moreSubscriptions: z.number().int(),
  /** What the broker sends in its name when it goes without a word. */
  will: z.object({ topic: z.string(), payload: z.string(), qos: z.number().int(), retain: z.boolean() }).nullable(),
})
export type BrokerClientView = z.infer<typeof brokerClientSchema>

export const devicesContract = {
  /** The clients of the embedded broker, at most 1,000; `untold` more are connected. None while it does not run. */
  clients: procedure
    .input(z.object({}))
    .output(z.object({ at: z.number(), clients: z.array(brokerClientSchema), untold: z.number().int() })),
}
