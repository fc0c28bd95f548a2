import { z } from 'zod'
import { broughtSchema } from '../brought.ts'
import { recordedMessageSchema } from '../message-lines.ts'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

export const recordingIdSchema = z.string().regex(/^r[1-9]\d{0,14}$/)

/** Messages kept on disk under a name. Slice `recordings`, by its id. */
export const recordingViewSchema = z.object({
  id: recordingIdSchema,
  name: z.string(),
  /** Topic filter and text of what is recorded. */
  filter: z.string(),
  text: z.string(),
  state: z.enum(['recording', 'complete', 'importing']),
  imported: z.boolean(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  messages: z.number().int(),
  bytes: z.number().int(),
  /** Messages that passed and found no room on their way to the disk. */
  lost: z.number().int(),
  /** How often it was interrupted, and went on then. */
  gaps: z.number().int(),
  /** Why it ended by itself; null while it goes on, or when somebody ended it. */
  why: z.string().nullable(),
  bounds: z.object({ messages: z.number().int(), bytes: z.number().int(), until: z.number() }),
})
export type RecordingView = z.infer<typeof recordingViewSchema>

const recordedRowSchema = recordedMessageSchema.extend({
  seq: z.number().int(),
  /** Of the payload. */
  bytes: z.number().int(),
  properties: broughtSchema.optional(),
})
export type RecordedRow = z.infer<typeof recordedRowSchema>

/** How replayed messages follow each other: as they came, so many times faster, or so many a second. */
export const paceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('scaled'), factor: z.number().min(0.01).max(1_000) }),
  z.object({ kind: z.literal('rate'), perSecond: z.number().int().min(1).max(10_000) }),
])
export type Pace = z.infer<typeof paceSchema>

const replaySchema = z.object({
  recording: recordingIdSchema,
  /** Only messages of this topic filter. */
  filter: z.string().max(65_535).default('#'),
  /** Put before every topic, with a "/" between. */
  prefix: z.string().max(1_000).default(''),
  pace: paceSchema,
  /** Where to: a broker of the site, or without it each message to the one that it came from. */
  broker: idSchema.optional(),
})
export type Replay = z.infer<typeof replaySchema>

export const replayPlanSchema = z.object({
  sentence: z.string(),
  messages: z.number().int(),
  retained: z.number().int(),
  /** Topics that it publishes to, the busiest first, at most 50; `moreTopics` are not listed. */
  topics: z.array(z.object({ topic: z.string(), messages: z.number().int() })),
  moreTopics: z.number().int(),
  /** Brokers that it publishes to, and how many messages each gets. */
  brokers: z.array(z.object({ broker: z.string(), messages: z.number().int() })),
  lastsMs: z.number(),
  /** What follows from it. */
  warnings: z.array(z.string()),
  /** Why it cannot be done now. */
  refusal: z.string().nullable(),
  commandLine: z.string(),
})
export type ReplayPlan = z.infer<typeof replayPlanSchema>

const one = z.object({ recording: recordingIdSchema })

export const recordingsContract = {
  list: procedure.input(z.object({})).output(z.object({ recordings: z.array(recordingViewSchema) })),
  start: procedure
    .input(
      z.object({
        name: z.string().trim().min(1).max(100),
        filter: z.string().min(1).max(65_535),
        text: z.string().max(1_000).default(''),
        messages: z.number().int().min(1).max(1_000_000).default(1_000_000),
        bytes: z
          .number()
          .int()
          .min(1)
          .max(512 * 1024 * 1024)
          .default(512 * 1024 * 1024),
        /** Ends after so long, in milliseconds. */
        ms: z
          .number()
          .int()
          .min(1_000)
          .max(7 * 86_400_000)
          .default(86_400_000),
      }),
    )
    .output(one),
  stop: procedure.input(one).output(z.object({})),
  delete: procedure.input(one).output(z.object({})),
  /**
   * A page of a recording, oldest first, from behind `after`. At most a second is spent on looking: `next` is where to go on from, null
   * at the end, and a page may be empty though there is more.
   */
  page: procedure
    .input(
      one.extend({
        after: z.number().int().min(0).default(0),
        filter: z.string().max(65_535).default('#'),
        text: z.string().max(1_000).default(''),
        from: z.number().optional(),
        to: z.number().optional(),
        limit: z.number().int().min(1).max(1_000),
      }),
    )
    .output(z.object({ rows: z.array(recordedRowSchema), next: z.number().int().nullable() })),
  /** Begins an import: a recording that is not listed as complete before `importEnd`, and forgotten without it. */
  importBegin: procedure.input(z.object({ name: z.string().trim().min(1).max(100) })).output(one),
  importAdd: procedure
    .input(one.extend({ messages: z.array(recordedMessageSchema).min(1).max(1_000) }))
    .output(z.object({ messages: z.number().int() })),
  importEnd: procedure.input(one.extend({ messages: z.number().int() })).output(z.object({})),
  replayPlan: procedure.input(replaySchema).output(replayPlanSchema),
  replay: procedure.input(replaySchema).output(startedJobSchema),
}
