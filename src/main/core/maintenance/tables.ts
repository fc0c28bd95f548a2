import { z } from 'zod'
import type { Database, Schema } from '#core/store/index.ts'
import type { Period } from './types.ts'

/** The maintenance that is on; no row while none is. */
export const maintenanceSchema: Schema = {
  owner: 'maintenance',
  migrations: [
    {
      version: 1,
      what: 'the maintenance that is on',
      sql: 'CREATE TABLE maintenance (one INTEGER PRIMARY KEY CHECK (one = 1), period TEXT NOT NULL) STRICT;',
    },
  ],
}

const periodSchema = z.object({
  reason: z.string(),
  began: z.number(),
  forMs: z.number(),
  beganSeenMs: z.number(),
  event: z.string(),
  seq: z.number(),
  startDeferred: z.boolean(),
})

/** What is stored; null when nothing is, or nothing that this version can read. */
export function storedPeriod(database: Database): Period | null {
  const row = database.get<{ period: string }>({ sql: 'SELECT period FROM maintenance' })
  if (!row) return null
  try {
    return periodSchema.parse(JSON.parse(row.period))
  } catch {
    return null
  }
}

/** Resolves once it survives a power cut. */
export async function storePeriod(database: Database, period: Period | null): Promise<void> {
  const statement =
    period === null
      ? { sql: 'DELETE FROM maintenance' }
      : { sql: 'INSERT OR REPLACE INTO maintenance (one, period) VALUES (1, ?)', values: [JSON.stringify(period)] }
  await database.write([statement], 'bookkeeping')
}
