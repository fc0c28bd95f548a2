import { z } from 'zod'
import type { Storage } from './storage.ts'

/**
 * What became of the recovery kit of an encrypted repository. It lies in the repository, sealed: it is true of that
 * repository's key and of no other, whichever console asks.
 */
const kitRecordSchema = z.object({
  madeAt: z.number().nullable(),
  proven: z.object({ at: z.number(), snapshot: z.string(), note: z.string() }).nullable(),
  failed: z.object({ at: z.number(), why: z.string() }).nullable(),
})
export type KitRecord = z.infer<typeof kitRecordSchema>

const file = 'kit.json'
export const noKit: KitRecord = { madeAt: null, proven: null, failed: null }

/** A record that cannot be read counts as none: the kit is proven again. */
export async function readKitRecord(storage: Storage): Promise<KitRecord> {
  try {
    const content = await storage.read(file)
    return content ? kitRecordSchema.parse(JSON.parse(content.toString('utf8'))) : noKit
  } catch {
    return noKit
  }
}

export async function noteKit(storage: Storage, changed: Partial<KitRecord>): Promise<KitRecord> {
  const record = { ...(await readKitRecord(storage)), ...changed }
  await storage.write(file, `${JSON.stringify(record)}\n`)
  return record
}
