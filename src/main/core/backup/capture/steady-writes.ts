import { open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds between two syncs of a file that is being written. */
const everyMs = 10

/**
 * Has a file that somebody else writes brought to the disk bit by bit while the work lasts. Written out all at once in the end, 100 MB
 * would keep everybody waiting who wants something durable on the same disk, such as the console for its events.
 */
export async function syncedSteadily<T>(path: string, work: Promise<T>, sync = syncFile): Promise<T> {
  const ended = new AbortController()
  const syncing = syncUntil(ended.signal, () => sync(path))
  try {
    return await work
  } finally {
    ended.abort()
    await syncing
  }
}

async function syncUntil(signal: AbortSignal, sync: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await pause(everyMs, undefined, { signal }).catch(() => {})
    // It is not there yet, or cannot be synced: who writes it will tell.
    if (!signal.aborted) await sync().catch(() => {})
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}
