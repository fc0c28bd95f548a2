import { z } from 'zod'

/** The arguments of the database-copy program. */
export const toolRequestSchema = z.union([
  z.tuple([z.literal('copy'), z.string().min(1), z.string().min(1)]),
  z.tuple([z.literal('check'), z.string().min(1)]),
])

/** What a copy came to: pages copied and the size of the copy in bytes. */
export const copyResultSchema = z.object({ pages: z.number().int(), bytes: z.number().int() })
export type CopyResult = z.infer<typeof copyResultSchema>

/** What a check came to: SQLite's own words for each problem, at most 20. */
export const checkResultSchema = z.object({ ok: z.boolean(), problems: z.array(z.string()) })
export type CheckResult = z.infer<typeof checkResultSchema>

/** Why the program could not answer: a code of SQLite, of the system, or of its own, and a sentence. */
export const toolFailureSchema = z.object({ failed: z.string(), message: z.string() })

export const toolAnswerSchema = z.union([toolFailureSchema, copyResultSchema, checkResultSchema])
export type ToolAnswer = z.infer<typeof toolAnswerSchema>
