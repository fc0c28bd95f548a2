import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
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

/** A device that site.yaml describes. Times are wall-clock milliseconds. */
export const deviceViewSchema = z.object({
  /** `family/id`, or the id of the description when it is of one device. */
  key: z.string(),
  family: idSchema,
  /** The broker at which it is heard; null without any. */
  broker: z.string().nullable(),
  title: z.string(),
  /** `unknown`: its broker is away, so nobody can tell. `never`: it has not been heard yet. */
  state: z.enum(['online', 'silent', 'offline', 'never', 'unknown']),
  since: z.number(),
  /** When it last spoke itself. */
  lastAt: z.number().nullable(),
  /** Why it has this state, one sentence. */
  reason: z.string(),
  required: z.boolean(),
  /** Required, and silent, offline or never heard although it should have been; or a figure is beyond its limit. */
  troubled: z.boolean(),
  messages: z.number(),
  perMinute: z.number(),
  /** Topic of its newest message. */
  topic: z.string(),
  figures: z.array(
    z.object({
      name: z.string(),
      value: z.union([z.number(), z.string(), z.boolean()]),
      unit: z.string().nullable(),
      at: z.number(),
      /** Beyond a limit of site.yaml. */
      out: z.enum(['below', 'above']).nullable(),
      limit: z.number().nullable(),
    }),
  ),
  /** Its connection to the embedded broker, where that is known. */
  client: z.object({ id: z.string(), address: z.string().nullable(), connected: z.boolean() }).nullable(),
})
export type DeviceView = z.infer<typeof deviceViewSchema>

/** An entry of `devices` in site.yaml. */
export const deviceFamilySchema = z.object({
  id: idSchema,
  title: z.string(),
  /** Where it is heard: the broker, null without any, and topic filters. */
  broker: z.string().nullable(),
  filters: z.array(z.string()),
  required: z.boolean(),
  silentAfterMs: z.number().nullable(),
  most: z.number().int(),
  /** Devices beyond the bound, which are not kept. */
  notKept: z.number().int(),
  /** Why a figure could not be read last. */
  lastError: z.string().nullable(),
})
export type DeviceFamilyView = z.infer<typeof deviceFamilySchema>

export const devicesContract = {
  /**
   * Devices that site.yaml describes and that changed after a revision of a run; of another run all of them. At most 5,000 are kept. `away`: brokers
   * of theirs that cannot be listened to at present.
   */
  described: procedure
    .input(z.object({ run: z.string().max(40).default(''), after: z.number().int().min(0).default(0) }))
    .output(
      z.object({
        at: z.number(),
        run: z.string(),
        revision: z.number().int(),
        families: z.array(deviceFamilySchema),
        devices: z.array(deviceViewSchema),
        /** Keys of those that are gone; told of the last 1,000. */
        gone: z.array(z.string()),
        away: z.array(z.object({ broker: z.string().nullable(), since: z.number(), reason: z.string() })),
      }),
    ),
  /** One device with the last values of its figures, oldest first, at most 60. Rejects with `device-unknown`. */
  one: procedure.input(z.object({ key: z.string().min(1).max(300) })).output(
    z.object({
      at: z.number(),
      device: deviceViewSchema,
      history: z.record(z.string(), z.array(z.object({ at: z.number(), value: z.number() }))),
    }),
  ),
  /** Forgets a device of a family that is no more; when it speaks it is met anew. Rejects with `device-unknown`, `device-described`. */
  forget: procedure.input(z.object({ key: z.string().min(1).max(300) })).output(z.object({})),
  /** The clients of the embedded broker, at most 1,000; `untold` more are connected. None while it does not run. */
  clients: procedure
    .input(z.object({}))
    .output(z.object({ at: z.number(), clients: z.array(brokerClientSchema), untold: z.number().int() })),
}
