import { z } from 'zod'

/** How thoroughly a database is checked: its structure (`quick`), or indexes and foreign keys as well (`full`). */
export const checkKindSchema = z.enum(['quick', 'full'])
export type CheckKind = z.infer<typeof checkKindSchema>

/** Statements that each give the time of a newest record, in wall-clock milliseconds. */
const newestSchema = z.array(z.string())

/** What the database-copy program is asked, as JSON in its one argument. Paths are absolute. */
export const toolRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('copy'), from: z.string().min(1), to: z.string().min(1) }),
  z.object({
    type: z.literal('check'),
    path: z.string().min(1),
    kind: checkKindSchema,
    newest: newestSchema,
    /** Where a damaged write-ahead log is copied to before anything else happens to it; null leaves it unread. */
    keepLogIn: z.string().nullable(),
  }),
  z.object({
    type: z.literal('salvage'),
    /** The damaged database; it and its log are only read. */
    from: z.string().min(1),
    /** The new database; it must not exist. */
    to: z.string().min(1),
    /** A folder of its own for what lies between. */
    scratch: z.string().min(1),
    /** Null for a database that is not the console's: it gets the tables that the damaged one still names. */
    schemas: z
      .array(
        z.object({
          owner: z.string(),
          migrations: z.array(z.object({ version: z.number(), what: z.string(), sql: z.string() })),
        }),
      )
      .nullable(),
    newest: newestSchema,
  }),
])
export type ToolRequest = z.infer<typeof toolRequestSchema>

/** The newest step of each owner's tables; null when it is no database of the console or cannot be read. */
const versionsSchema = z.record(z.string(), z.number()).nullable()

/** What a copy came to: pages copied, the size of the copy in bytes, and what it is a copy of. */
export const copyResultSchema = z.object({ pages: z.number().int(), bytes: z.number().int(), versions: versionsSchema })
export type CopyResult = z.infer<typeof copyResultSchema>

/** What was found in a write-ahead log that SQLite could not read to its end. Counts frames (one page each). */
export const logDamageSchema = z.object({
  /** Frames that SQLite reads. */
  good: z.number().int(),
  /** Frames after the damaged place that still belong to this log, and how many of them end a transaction. */
  after: z.number().int(),
  commitsAfter: z.number().int(),
  where: z.enum(['header', 'frame', 'end']),
  /** Last time something was written to it, wall-clock milliseconds. */
  writtenAt: z.number(),
  /** The copy that was kept of it; null when there was no room for one. */
  kept: z.string().nullable(),
})
export type LogDamage = z.infer<typeof logDamageSchema>

/** What a check came to: SQLite's own words for each problem, at most 20. */
export const checkResultSchema = z.object({
  ok: z.boolean(),
  problems: z.array(z.string()),
  /** What is wrong with an index of the console's own that is derived from other tables, and can be made anew from them. */
  indexes: z.array(z.string()),
  versions: versionsSchema,
  /** Time of the newest record in it; null when that was not asked or nothing answers. */
  newest: z.number().nullable(),
  log: logDamageSchema.nullable(),
})
export type CheckResult = z.infer<typeof checkResultSchema>

/** What could be read of a damaged database: rows by table, and by which means. */
export const salvageResultSchema = z.object({
  tables: z.record(z.string(), z.number().int()),
  rows: z.number().int(),
  means: z.enum(['sqlite3', 'reading']),
  newest: z.number().nullable(),
})
export type SalvageResult = z.infer<typeof salvageResultSchema>

/** Why the program could not answer: a code of SQLite, of the system, or of its own, and a sentence. */
export const toolFailureSchema = z.object({ failed: z.string(), message: z.string() })

export const toolAnswerSchema = z.union([toolFailureSchema, copyResultSchema, checkResultSchema, salvageResultSchema])
export type ToolAnswer = z.infer<typeof toolAnswerSchema>
