import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'

/** What is looked for in a service's log, through the files that were put aside as well. */
export const logSearchSchema = z.object({
  service: idSchema,
  text: z.string().min(1).max(500),
  /** Whether `text` is a regular expression; without it any line that holds the text, in capitals or not. */
  pattern: z.boolean().default(false),
  stream: z.enum(['out', 'err']).optional(),
  /** Only lines of this time, wall-clock milliseconds; lines that carry none and follow none are left out then. */
  from: z.number().optional(),
  to: z.number().optional(),
  limit: z.number().int().min(1).max(1_000).default(200),
  /** `next` of the page before. */
  after: z.string().max(200).optional(),
})
export type LogSearch = z.output<typeof logSearchSchema>

/** Lines that were found, newest first. */
export const logPageSchema = z.object({
  lines: z.array(z.object({ at: z.number().nullable(), stream: z.enum(['out', 'err']), text: z.string() })),
  /** Where older ones are looked for; null when all was looked through. */
  next: z.string().nullable(),
  /** Bytes that this page looked through, and how long it took. */
  bytes: z.number(),
  ms: z.number(),
  /** Why it ended before it had `limit` lines or had seen all; null otherwise. */
  sentence: z.string().nullable(),
})
export type LogPage = z.infer<typeof logPageSchema>
