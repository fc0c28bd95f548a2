import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Runtime } from '#core/platform/index.ts'

const lineSchema = z.union([
  z.object({ tables: z.array(z.string()) }),
  z.object({ table: z.string(), rows: z.number().int() }),
  z.object({ done: z.literal(true) }),
  z.object({ failed: z.string() }),
])

/** Rows by table; null for a table whose counting was not finished in time. */
export interface RowCounts {
  readonly tables: ReadonlyMap<string, number | null>
  /** Why it could not be counted at all, or null. */
  readonly failed: string | null
}

/** Counts the rows of a database in a process that is killed after `withinMs`. Rejects only with the signal's reason. */
export async function countRows(
  runtime: Runtime,
  path: string,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<RowCounts> {
  signal.throwIfAborted()
  const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.floor(withinMs)))])
  const child = spawn(runtime.node, [runtime.program('row-count'), path], {
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
    signal: limit,
    killSignal: 'SIGKILL',
  })
  const tables = new Map<string, number | null>()
  let failed: string | null = null
  // Told by `close` as well; without a listener the abort would be thrown.
  child.on('error', (error) => {
    if (!limit.aborted) failed = error.message
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  for await (const line of createInterface({ input: child.stdout })) {
    const said = lineSchema.safeParse(parsed(line))
    if (!said.success) continue
    if ('tables' in said.data) for (const table of said.data.tables) tables.set(table, null)
    else if ('table' in said.data) tables.set(said.data.table, said.data.rows)
    else if ('failed' in said.data) failed = said.data.failed
  }
  await ended
  signal.throwIfAborted()
  if (failed === null && limit.aborted && tables.size === 0) failed = 'it did not answer in time'
  return { tables, failed }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
