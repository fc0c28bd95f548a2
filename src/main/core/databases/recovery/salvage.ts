import type { Runtime } from '#core/platform/index.ts'
import { salvageDatabase } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'

export interface SalvageRequest {
  /** The damaged database; nobody may have it open. It and its log are only read. */
  readonly file: string
  readonly to: string
  /** A folder of its own for what lies between. */
  readonly scratch: string
  readonly signal: AbortSignal
}

/**
 * Reads what can still be read of a damaged database into a new one: by sqlite3's `.recover`, where that is installed and able,
 * else row by row around the damage. Resolves with the number of rows, 0 when there was not one; rejects with the
 * signal's reason.
 */
export async function salvage(runtime: Runtime, { file, to, scratch, signal }: SalvageRequest): Promise<number> {
  try {
    const { rows } = await salvageDatabase(runtime, { from: file, to, scratch, schemas: null, newest: [] }, { signal })
    return rows
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ConsoleError) return 0
    throw error
  }
}
