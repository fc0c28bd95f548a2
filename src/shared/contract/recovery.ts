import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema, touchSchema } from './shared-schemas.ts'

export const recoveryActionSchema = z.enum([
  'restart',
  'restart-with-dependents',
  'reset-state',
  'reset-corrupt',
  'clear-cache',
  'reconnect',
  'restore-database',
  'run',
  'recover-site',
  'call-operator',
])

/** An attempt without a result is under way. */
export const attemptResultSchema = z.enum(['done', 'failed', 'nothing', 'cancelled', 'held', 'interrupted'])

/** One step that recovery did, or was kept from doing. */
export const attemptViewSchema = z.object({
  seq: z.number().int(),
  id: z.string(),
  policy: idSchema,
  subject: z.string(),
  /** Which step of the ladder, from 0. */
  step: z.number().int(),
  action: recoveryActionSchema,
  /** What it was done for, one sentence. */
  why: z.string(),
  at: z.number(),
  ms: z.number().nullable(),
  result: attemptResultSchema.nullable(),
  sentence: z.string().nullable(),
  job: z.string().nullable(),
  event: z.string().nullable(),
  /** A person ordered it. */
  manual: z.boolean(),
})
export type AttemptView = z.infer<typeof attemptViewSchema>

export const policyStateSchema = z.enum([
  'off',
  'armed',
  /** The condition holds, but not for long enough yet. */
  'waiting',
  'acting',
  /** Between two steps. */
  'pausing',
  'cooling-down',
  /** It may do no more today. */
  'used-up',
  /** Every step was done and the condition holds on. */
  'given-up',
  'held',
])
export type PolicyState = z.infer<typeof policyStateSchema>

/** A recovery policy. Slice `recovery`, by its id. */
export const policyViewSchema = z.object({
  id: idSchema,
  title: z.string(),
  /** Whether the console brings it, changed by the site or not. */
  shipped: z.boolean(),
  /** Whether site.yaml has it on, and whether a person switched it off for as long as the console runs. */
  on: z.boolean(),
  switchedOff: z.boolean(),
  /** The most telling state of its subjects. */
  state: policyStateSchema,
  /** When it acts, in words. */
  when: z.string(),
  forMs: z.number(),
  /** The ladder, a phrase for each step. */
  steps: z.array(z.object({ action: recoveryActionSchema, words: z.string() })),
  perDay: z.number().int(),
  coolDownMs: z.number(),
  /** What it is about now: only subjects that are not simply armed, at most 20. */
  subjects: z.array(
    z.object({
      subject: z.string(),
      state: policyStateSchema,
      /** Wall-clock time at which the state ends by itself or the next step is done. */
      until: z.number().nullable(),
      /** The step that is done, or comes next. */
      step: z.number().int().nullable(),
      sentence: z.string(),
      usedToday: z.number().int(),
    }),
  ),
  /** What Run now can be asked for: the subject ids. Empty when the policy is about an event's own subject. */
  candidates: z.array(z.string()),
  last: z.object({ at: z.number(), subject: z.string(), result: attemptResultSchema, sentence: z.string() }).nullable(),
})
export type PolicyView = z.infer<typeof policyViewSchema>

const target = z.object({ policy: idSchema, subject: z.string().nullable() })

export const recoveryPreviewSchema = z.object({
  /** "Restart api: step 1 of 3 of Restart what stays unhealthy." */
  sentence: z.string(),
  policy: idSchema,
  subject: z.string(),
  step: z.number().int(),
  action: recoveryActionSchema,
  lines: z.array(z.string()),
  /** What would be moved aside or emptied, relative to the site. */
  paths: z.array(z.string()),
  services: touchSchema.shape.services,
  commandLine: z.string(),
})
export type RecoveryPreview = z.infer<typeof recoveryPreviewSchema>

export const recoveryContract = {
  /** Attempts, newest first. */
  history: procedure
    .input(
      z.object({
        policy: idSchema.optional(),
        subject: z.string().optional(),
        result: attemptResultSchema.optional(),
        before: z.number().int().optional(),
        limit: z.number().int().min(1).max(500),
      }),
    )
    .output(z.object({ attempts: z.array(attemptViewSchema), more: z.boolean() })),
  /** What running the next step of a policy now would do. */
  preview: procedure.input(target).output(recoveryPreviewSchema),
  /** Does it, whatever the policy's condition. */
  run: procedure.input(target).output(startedJobSchema),
  /** Switches a policy off, or on again, for as long as the console runs. */
  switch: procedure.input(z.object({ policy: idSchema, on: z.boolean() })).output(z.object({})),
}
