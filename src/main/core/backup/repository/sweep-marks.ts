import { z } from 'zod'
import { keys } from './layout.ts'
import type { Storage } from './storage.ts'
import type { SweepMark } from './sweep-plan.ts'

/** A number is a pack that was not needed at all: what the first version wrote, and still the shortest way to say it. */
const marksSchema = z.record(
  z.string(),
  z.union([z.number(), z.object({ since: z.number(), unneeded: z.base64(), blobs: z.number().int().min(0) })]),
)

/** Reads which blobs were not needed when. Without marks, or with damaged ones, the grace period starts anew. */
export async function readMarks(storage: Storage): Promise<ReadonlyMap<string, SweepMark>> {
  try {
    const written = marksSchema.parse(JSON.parse(String(await storage.read(keys.sweep))))
    return new Map(
      Object.entries(written).map(([id, mark]): [string, SweepMark] => [
        id,
        typeof mark === 'number'
          ? { since: mark, unneeded: null }
          : { since: mark.since, unneeded: bitsOf(Buffer.from(mark.unneeded, 'base64'), mark.blobs) },
      ]),
    )
  } catch {
    return new Map()
  }
}

export async function writeMarks(storage: Storage, marks: ReadonlyMap<string, SweepMark>): Promise<void> {
  const written = [...marks].map(([id, { since, unneeded }]) => [
    id,
    unneeded === null ? since : { since, blobs: unneeded.length, unneeded: bytesOf(unneeded).toString('base64') },
  ])
  await storage.write(keys.sweep, JSON.stringify(Object.fromEntries(written)))
}

/** One bit for each blob, the first in the lowest bit of the first byte. */
function bytesOf(bits: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8))
  bits.forEach((bit, at) => {
    if (bit) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7))
  })
  return bytes
}

function bitsOf(bytes: Buffer, count: number): readonly boolean[] {
  return Array.from(
    { length: Math.min(count, bytes.length * 8) },
    (_, at) => ((bytes[at >> 3] ?? 0) >> (at & 7)) % 2 === 1,
  )
}
