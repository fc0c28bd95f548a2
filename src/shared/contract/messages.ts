import { z } from 'zod'
import { broughtSchema } from '../brought.ts'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'

/** A message as the inspector shows it. */
export const shownMessageSchema = z.object({
  /** Counts up in this run of the router. */
  n: z.number().int(),
  at: z.number(),
  topic: z.string(),
  /** The payload as text when it is UTF-8, else as hex; at most 16 kB. */
  payload: z.string(),
  encoding: z.enum(['utf8', 'hex']),
  bytes: z.number().int(),
  cut: z.boolean(),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  retain: z.boolean(),
  /** The broker it came from. */
  broker: z.string().optional(),
  /** The client of the embedded broker that published it, and as whom it is logged in; missing where that is not known. */
  client: z.string().optional(),
  user: z.string().optional(),
  /** Routes that matched it, and what each did with it. */
  routes: z.array(
    z.object({
      route: idSchema,
      result: z.enum(['delivered', 'filtered', 'limited', 'held', 'queued', 'quarantined', 'dropped']),
    }),
  ),
  /** What it brought, each text cut to 500 characters; missing when it brought nothing. */
  properties: broughtSchema.optional(),
})
export type ShownMessage = z.infer<typeof shownMessageSchema>

/** A row of the journal. */
export const journalRowSchema = z.object({
  seq: z.number().int(),
  at: z.number(),
  route: idSchema,
  topic: z.string(),
  payload: z.string(),
  encoding: z.enum(['utf8', 'hex']),
  /** Bytes that it has; the payload here is the first 64 KiB of them. */
  bytes: z.number().int(),
  /** The broker that its route listened to. */
  broker: z.string().optional(),
  /** The client of the embedded broker that published it; missing where that is not known. */
  client: z.string().optional(),
  /** What went on with it, each text cut to 500 characters. */
  properties: broughtSchema.optional(),
})
export type JournalRow = z.infer<typeof journalRowSchema>

/** A message that could not be routed, with the reason. */
export const quarantinedSchema = z.object({
  id: z.number().int(),
  at: z.number(),
  route: idSchema,
  topic: z.string(),
  payload: z.string(),
  encoding: z.enum(['utf8', 'hex']),
  reason: z.string(),
  /** The broker that its route listened to. */
  broker: z.string().optional(),
  /** The target that refused it, kind and address; null when it never came so far. */
  target: z.string().nullable(),
  /** How many bytes it had, when only its beginning is kept; null: it is whole. Such a one is sent again only put right. */
  cutFrom: z.number().int().nullable(),
  /** Bytes that are kept; the payload here is the first 64 KiB of them. */
  bytes: z.number().int(),
  /** The client of the embedded broker that published it; missing where that is not known. */
  client: z.string().optional(),
  properties: broughtSchema.optional(),
})
export type Quarantined = z.infer<typeof quarantinedSchema>

/** Topics that the router has seen, with how many messages since it began and when the last one came. */
export const topicsPageSchema = z.object({
  /** Which run of the router counts; another one begins anew. */
  run: z.string(),
  /** To ask for what changed since. */
  sighting: z.number().int(),
  topics: z.array(z.object({ topic: z.string(), count: z.number(), at: z.number(), retained: z.boolean() })),
  /** How many more topics were seen and are not listed; `full`: or even more. */
  unlisted: z.number().int(),
  full: z.boolean(),
})
export type TopicsPage = z.infer<typeof topicsPageSchema>

/** Messages of the quarantine: one, or all of a route (10,000 at most). */
export const quarantineChoiceSchema = z.union([z.object({ id: z.number().int() }), z.object({ route: idSchema })])
export type QuarantineChoice = z.infer<typeof quarantineChoiceSchema>

/** What became of an order about messages in quarantine. */
export const settledSchema = z.object({
  done: z.number().int(),
  /** Those of the route that stay, as another order has them in its hands, or as they are not whole and cannot be sent. */
  left: z.number().int(),
})
export type Settled = z.infer<typeof settledSchema>

/** A message that waits for its target. */
export const outboxRowSchema = z.object({
  seq: z.number().int(),
  /** The same at every attempt to deliver it. */
  id: z.string(),
  at: z.number(),
  expiresAt: z.number().nullable(),
  route: z.string(),
  target: z.string(),
  topic: z.string(),
  /** As text when it is UTF-8, else as hex; the first 16 kB. */
  payload: z.string(),
  encoding: z.enum(['utf8', 'hex']),
  bytes: z.number().int(),
  attempts: z.number().int(),
  /** What it keeps its order with; null: its target has one order for all. Of a long one a hash. */
  key: z.string().nullable(),
  /** Who published it to the embedded broker; missing where that is not known. */
  client: z.string().optional(),
  properties: broughtSchema.optional(),
})
export type OutboxRowView = z.infer<typeof outboxRowSchema>

/** Messages that wait, oldest first; how many wait for each target; and how many may. */
export const outboxPageSchema = z.object({
  rows: z.array(outboxRowSchema),
  more: z.boolean(),
  targets: z.array(
    z.object({
      route: z.string(),
      target: z.string(),
      rows: z.number().int(),
      bytes: z.number().int(),
      oldestAt: z.number(),
    }),
  ),
  bounds: z.object({
    rows: z.number().int(),
    bytes: z.number().int(),
    ageMs: z.number(),
    whenFull: z.enum(['drop-lowest', 'drop-oldest', 'refuse']),
  }),
  /** How long it can go on as it does now; null while that is not known, as the router has just started. */
  horizon: z
    .object({
      /** Messages a second by which it grows. */
      perSecond: z.number(),
      /** Milliseconds until it is full; 0: it is; null: it does not grow. */
      fullInMs: z.number().nullable(),
      bound: z.enum(['messages', 'size']),
      /** Whose oldest message goes then; null where none does. */
      first: z.object({ route: z.string(), priority: z.enum(['critical', 'high', 'normal', 'low']) }).nullable(),
      /** When the first of those that wait comes to the end of its time. */
      endsAt: z.number().nullable(),
    })
    .nullable(),
})
export type OutboxPage = z.infer<typeof outboxPageSchema>

const page = { before: z.number().int().optional(), limit: z.number().int().min(1).max(1_000) }

export const messagesContract = {
  publish: procedure
    .input(
      z.object({
        /** One of the site's brokers; without it the first. */
        broker: idSchema.optional(),
        topic: z.string().min(1).max(65_535),
        payload: z.string().max(262_144),
        qos: z.union([z.literal(0), z.literal(1)]),
        retain: z.boolean(),
      }),
    )
    .output(z.object({})),
  /** Topics seen after a sighting of a run of the router; of another run all of them. */
  topics: procedure
    .input(z.object({ run: z.string().max(20), after: z.number().int().min(0) }))
    .output(topicsPageSchema),
  /** The payload of a message that the tap has shown, up to 4 MiB, as long as the console still has it. */
  payload: procedure
    .input(z.object({ n: z.number().int(), at: z.number() }))
    .output(
      z.object({ payload: z.string(), encoding: z.enum(['utf8', 'hex']), bytes: z.number().int(), cut: z.boolean() }),
    ),
  journal: procedure
    .input(z.object({ route: idSchema.optional(), topic: z.string().optional(), ...page }))
    .output(z.object({ rows: z.array(journalRowSchema), more: z.boolean() })),
  quarantine: procedure
    .input(z.object({ route: idSchema.optional(), ...page }))
    .output(z.object({ rows: z.array(quarantinedSchema), more: z.boolean() })),
  /** Sends them again: through their route, or to the target that refused them; `payload` in the place of one message's own. */
  sendQuarantined: procedure
    .input(
      z.union([
        z.object({ choice: z.object({ id: z.number().int() }), payload: z.string().max(262_144).optional() }),
        z.object({ choice: z.object({ route: idSchema }), payload: z.undefined().optional() }),
      ]),
    )
    .output(settledSchema),
  discardQuarantined: procedure.input(z.object({ choice: quarantineChoiceSchema })).output(settledSchema),
  /** A message that waits in the outbox: its target is tried at once, or it is given up for good. */
  settleWaiting: procedure
    .input(z.object({ seq: z.number().int(), what: z.enum(['send', 'discard']) }))
    .output(z.object({ done: z.number().int() })),
  outbox: procedure
    .input(
      z.object({
        route: idSchema.optional(),
        after: z.number().int().optional(),
        limit: z.number().int().min(1).max(1_000),
      }),
    )
    .output(outboxPageSchema),
}
