import { z } from 'zod'

// Lines of JSON between the console and one `sqlite-session` process, as the console reads them.

const cellSchema = z.union([
  z.null(),
  z.string(),
  z.number(),
  z.object({ int: z.string() }),
  z.object({ blob: z.string() }),
  z.object({ real: z.string() }),
])

export const answerSchema = z.union([
  z.object({ failed: z.object({ code: z.string(), message: z.string() }), inTransaction: z.boolean() }),
  z.object({
    columns: z.array(z.string()),
    rows: z.array(z.array(cellSchema)),
    count: z.number(),
    inTransaction: z.boolean(),
  }),
  /** The database is open; `file` tells later whether it still is the file of this name. */
  z.object({ file: z.string() }),
])
export type SqliteAnswer = z.infer<typeof answerSchema>

/** What the process is started with, as its first line. `busyMs`: how long it waits for a lock of another program. */
export interface SqliteOpening {
  readonly path: string
  readonly busyMs: number
  /** Program of the thread that ends it with its parent. */
  readonly parentWatch: string
}
