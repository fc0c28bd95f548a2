import { z } from 'zod'
import { writeIndex } from '../repository/blob-store.ts'
import { areas, isIndexKey, keys } from '../repository/layout.ts'
import { listSnapshots, removeSnapshot } from '../repository/snapshot-file.ts'
import type { Storage } from '../repository/storage.ts'
import { contentsOf, packsOf } from '../repository/verify.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'

/** How long a pack must have been without use before it goes: a mistake of retention can be noticed meanwhile. */
const graceMs = 24 * 3_600_000
const marksSchema = z.record(z.string(), z.number())

/**
 * Removes snapshots, then sweeps in two phases: a pack that no snapshot needs is marked with the time; one whose mark is a
 * day old and that still nobody needs is removed. A pack of which one piece is needed stays whole. Sweeps nothing while
 * any snapshot cannot be read, because what that one needs is not known.
 */
export async function runForget(
  engine: Engine,
  { snapshots }: Input<'forget'>,
  now = Date.now(),
): Promise<Output<'forget'>> {
  const { storage } = engine.repository
  for (const id of snapshots) await removeSnapshot(storage, id)
  const listed = await listSnapshots(storage)
  if (listed.problems.length > 0) return { packs: 0, bytes: 0 }
  const needed = new Set<string>()
  for (const { tree } of listed.snapshots) {
    const { blobs } = await contentsOf(engine.reader, tree)
    for (const pack of packsOf(engine.index, blobs)) needed.add(pack)
  }
  const marks = await readMarks(storage)
  const unneeded = engine.index.packs().filter(({ id }) => !needed.has(id))
  // A mark from the future was made by a clock that was wrong: it starts anew.
  const due = unneeded.filter(({ id }) => (marks[id] ?? now) <= now - graceMs)
  const gone = new Set(due.map(({ id }) => id))
  const left = unneeded.filter(({ id }) => !gone.has(id))
  await storage.write(
    keys.sweep,
    JSON.stringify(Object.fromEntries(left.map(({ id }) => [id, Math.min(marks[id] ?? now, now)]))),
  )
  if (due.length === 0) return { packs: 0, bytes: 0 }
  // The index first: it may lack a pack that exists, never name one that does not.
  const old = (await storage.list(areas.index)).map(({ key }) => key).filter(isIndexKey)
  const kept = await writeIndex(
    storage,
    engine.index.packs().filter(({ id }) => !gone.has(id)),
  )
  for (const key of old) if (key !== kept) await storage.remove(key)
  for (const id of gone) await storage.remove(keys.pack(id))
  return { packs: due.length, bytes: due.reduce((sum, { size }) => sum + size, 0) }
}

async function readMarks(storage: Storage): Promise<Readonly<Record<string, number>>> {
  try {
    return marksSchema.parse(JSON.parse(String(await storage.read(keys.sweep))))
  } catch {
    return {} // Without marks the grace period starts anew.
  }
}
