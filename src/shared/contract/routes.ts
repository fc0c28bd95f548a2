import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { recordingIdSchema } from './recordings.ts'
import { stageNameSchema } from './state.ts'
import { storedMessageSchema } from './stored-message.ts'

/** Most messages that one dry run takes with the call, and the bytes of their payloads together. */
export const dryRunBounds = { messages: 5_000, bytes: 8 * 1024 * 1024 } as const

/** The same for one on a recording, of which the oldest are taken. */
export const recordedDryRunBounds = { messages: 50_000, bytes: 64 * 1024 * 1024 } as const

/** A mistake in the text of a route. */
export const routeProblemSchema = z.object({
  /** In the text of the route, counted from 1; null when it stands elsewhere in site.yaml. */
  line: z.number().int().nullable(),
  column: z.number().int().nullable(),
  message: z.string(),
  remedy: z.string(),
})
export type RouteTextProblem = z.infer<typeof routeProblemSchema>

/** What one target is given. */
export const routeOutputSchema = z.object({
  /** Such as `mqtt site/board`. */
  target: z.string(),
  payload: z.string(),
  encoding: z.enum(['utf8', 'hex']),
  cut: z.boolean(),
})
export type RouteOutput = z.infer<typeof routeOutputSchema>

/** What a route makes of one message. */
export const routeOutcomeSchema = z.object({
  result: z.enum(['not matched', 'filtered', 'limited', 'merged', 'quarantined', 'passed']),
  /** Why it went to quarantine. */
  reason: z.string().nullable(),
  outputs: z.array(routeOutputSchema),
})
export type RouteOutcome = z.infer<typeof routeOutcomeSchema>

/** A message of which a changed route makes something else. */
export const routeDifferenceSchema = z.object({
  /** Its place among those that were looked at, from 0. */
  n: z.number().int(),
  message: storedMessageSchema,
  before: routeOutcomeSchema,
  after: routeOutcomeSchema,
})
export type RouteDifference = z.infer<typeof routeDifferenceSchema>

const results = z.record(routeOutcomeSchema.shape.result, z.number().int())

/** What a changed route would have made of messages that were recorded. */
export const dryRunReportSchema = z.object({
  messages: z.number().int(),
  /** How many messages each route, as it is and as it would be, filtered, passed on and so on. */
  before: results,
  after: results,
  changed: z.number().int(),
  /** The first of them. */
  differences: z.array(routeDifferenceSchema),
})
export type DryRunReport = z.infer<typeof dryRunReportSchema>

/** One stage of a route, and what it did with a message. */
export const passportStageSchema = z.object({
  stage: z.enum(['where', 'validate', 'limit', 'tag', 'enrich', 'map', 'batch']),
  /** The expression or rule as site.yaml has it. */
  rule: z.string(),
  result: z.enum(['passed', 'filtered', 'quarantined', 'counted when it came']),
  /** What it gave, or why it failed. */
  said: z.string().nullable(),
})

/** What one route does with a message, stage by stage. */
export const passportRouteSchema = z.object({
  route: idSchema,
  title: z.string(),
  from: z.string(),
  on: z.boolean(),
  stages: z.array(passportStageSchema),
  outcome: routeOutcomeSchema,
  /** Routes that take in what this one publishes, with the topic that it comes by. */
  onward: z.array(z.object({ topic: z.string(), route: idSchema })),
})
export type PassportRoute = z.infer<typeof passportRouteSchema>

/** What became of the messages that came at one moment on one topic, as far as it is still known. */
export const messageTraceSchema = z.object({
  /** Since when every message that matched a route is remembered; null: since the router began. */
  since: z.number().nullable(),
  routes: z.array(
    z.object({
      /** Its place: of several messages of one millisecond a route stands here several times. */
      n: z.number(),
      route: z.string(),
      result: z.enum(['delivered', 'filtered', 'limited', 'held', 'queued', 'quarantined', 'dropped']),
      /** Why it went to quarantine. */
      reason: z.string().nullable(),
      /** The stage at which it ended or had to wait when it came; null: it went on to the targets. */
      stage: stageNameSchema.nullable(),
      /** The client of the embedded broker that published it, and as whom it was logged in; null where that is not known. */
      client: z.string().nullable(),
      user: z.string().nullable(),
      /** Whether the route is written otherwise now, or has gone. */
      changed: z.boolean(),
      /** Its stages as the route was written then; null when the message itself is not known. */
      passport: passportRouteSchema.nullable(),
    }),
  ),
  deliveries: z.array(
    z.object({
      seq: z.number(),
      /** The same at every attempt to deliver it. */
      id: z.string(),
      route: z.string(),
      target: z.string(),
      state: z.enum(['waiting', 'delivered', 'quarantined', 'expired', 'dropped', 'merged']),
      failed: z.number(),
      why: z.string().nullable(),
      endedAt: z.number().nullable(),
    }),
  ),
  quarantine: z.array(
    z.object({ id: z.number(), route: z.string(), target: z.string().nullable(), reason: z.string() }),
  ),
  journal: z.array(z.object({ seq: z.number(), route: z.string() })),
})
export type MessageTraceView = z.infer<typeof messageTraceSchema>

const text = z.string().max(64 * 1024)

/** Routes: how they are written, tried on recorded messages, changed; and what they do with one message. */
export const routesContract = {
  /** A route as site.yaml has it, and what names that state of the file. Null text: there is none of that id. */
  text: procedure
    .input(z.object({ route: idSchema }))
    .output(z.object({ text: z.string().nullable(), base: z.string(), firstLine: z.number().int().nullable() })),
  /** What would be wrong with site.yaml if the route were written like this. Changes nothing. */
  check: procedure
    .input(z.object({ route: idSchema, text }))
    .output(z.object({ problems: z.array(routeProblemSchema) })),
  /** Writes it into site.yaml and reads that again. Refused when it has mistakes, or when the file is no longer `base`. Null removes the route. */
  save: procedure.input(z.object({ route: idSchema, text: text.nullable(), base: z.string() })).output(z.object({})),
  /** Takes recorded messages through the route as it is and as it would be. Delivers nothing. */
  dryRun: procedure
    .input(
      z.object({
        route: idSchema,
        text: text.nullable(),
        messages: z.array(storedMessageSchema).max(dryRunBounds.messages),
        /** Taken in place of `messages`. */
        recording: recordingIdSchema.nullable().default(null),
      }),
    )
    .output(dryRunReportSchema),
  /** What the router did with the messages that came at a moment on a topic; with the message itself also stage by stage, as the routes were then. */
  trace: procedure
    .input(z.object({ at: z.number(), topic: z.string().max(65_535), message: storedMessageSchema.nullable() }))
    .output(messageTraceSchema),
  /** Takes one message through every route that matches it, stage by stage, as they stand now. Delivers nothing. */
  passport: procedure
    .input(z.object({ message: storedMessageSchema }))
    .output(z.object({ routes: z.array(passportRouteSchema) })),
}
