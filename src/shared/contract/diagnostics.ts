import { z } from 'zod'
import { healthSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { fixSchema } from './state.ts'

/** One link of the answer: a state or an event, in a sentence, and where it can be looked at. */
export const evidenceSchema = z.object({
  what: z.enum(['state', 'probe', 'event', 'log', 'card']),
  subject: z.string(),
  sentence: z.string(),
  at: z.number().nullable(),
  event: z.string().nullable(),
  /** Page address. */
  page: z.string().nullable(),
})
export type Evidence = z.infer<typeof evidenceSchema>

/** Why something is as it is: one sentence, and its evidence from what was asked down to the first failing thing. */
export const whySchema = z.object({
  subject: z.string(),
  title: z.string(),
  health: healthSchema,
  sentence: z.string(),
  /** The first failing thing; the subject itself when nothing else is behind it. */
  root: z.string(),
  evidence: z.array(evidenceSchema),
  fixes: z.array(fixSchema),
  commandLine: z.string(),
})
export type Why = z.infer<typeof whySchema>

export const diagnosticsContract = {
  /**
   * Subjects: `site`, `store`, `backups`, `rehearsals`, `machine`, `broker`, `maintenance`, `service:ID` (or just ID), `route:ID`, `database:ID`,
   * `dependency:ID`, `device:ID`, `policy:ID`, `check:ID`, `drill:ID`, `job:ID`, `card:ID`, `snapshot:ID`, `event:ID`. An unknown one is refused with `subject-unknown` and the nearest known.
   */
  why: procedure.input(z.object({ subject: z.string().min(1).max(200) })).output(whySchema),
}
