import { randomFillSync } from 'node:crypto'
import type { BlobIndex } from './blob-index.ts'
import { keys } from './layout.ts'
import type { Storage } from './storage.ts'
import { isFull } from './storage-errors.ts'

const MiB = 1024 * 1024
/** Two indexes are what removing whole packs takes, and that makes room for everything else. */
const least = MiB
/** Beside that, of what the repository holds: packs that are mostly waste are written anew before they go. */
const share = 1 / 256
/** Enough to write two packs anew. */
const most = 32 * MiB
/** Where there is less room than this, no more is taken than removing whole packs needs. */
const plenty = 10 * most

/** Bytes kept in reserve; null where there is none. */
export async function reserveOf(storage: Storage): Promise<number | null> {
  if (storage.kind !== 'folder') return null
  const files = await storage.list('')
  return files.find(({ key }) => key === keys.reserve)?.size ?? null
}

/**
 * Keeps space in reserve, as a file that is given up when the disk is full: whoever prunes has to write first what the repository will
 * hold then. Resolves with its bytes, or null where there is no room for it, or no disk.
 */
export async function keepReserve(storage: Storage, index: BlobIndex): Promise<number | null> {
  if (storage.kind !== 'folder') return null
  const has = await reserveOf(storage)
  const free = await storage.freeBytes()
  const { needed, wanted } = reserveFor(index, free)
  // What is there is left as it is until twice as much is wanted: it is not written anew with every backup.
  if (has !== null && has >= needed && has >= wanted / 2) return has
  if (free !== null && free < 2 * wanted) return has
  // A file system that compresses, or leaves out zeros, would keep nothing in reserve.
  const content = Buffer.alloc(wanted)
  const noise = randomFillSync(Buffer.alloc(Math.min(MiB, wanted)))
  for (let at = 0; at < wanted; at += noise.length) noise.copy(content, at)
  try {
    await storage.write(keys.reserve, content)
    return wanted
  } catch (error) {
    if (isFull(error)) return has
    throw error
  }
}

function reserveFor(index: BlobIndex, free: number | null): { readonly needed: number; readonly wanted: number } {
  let packs = 0
  let entries = 0
  for (const { size, blobs } of index.packs()) {
    packs += size
    entries += blobs.length + 1
  }
  const needed = Math.max(least, 2 * 48 * entries)
  const room = free === null || free > plenty
  return { needed, wanted: room ? Math.max(needed, Math.min(most, Math.ceil(packs * share))) : needed }
}

/** Runs work that writes; when the disk is full it gives the reserve up and tries once more. Resolves with whether it did. */
export async function withReserve<T>(
  storage: Storage,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly gaveUp: boolean }> {
  try {
    return { value: await work(), gaveUp: false }
  } catch (error) {
    if (!isFull(error) || (await reserveOf(storage)) === null) throw error
    await storage.remove(keys.reserve)
    return { value: await work(), gaveUp: true }
  }
}
