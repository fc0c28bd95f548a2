import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger } from '#core/platform/index.ts'
import { markSnapshot } from '../repository/snapshot-file.ts'
import type { Storage } from '../repository/storage.ts'
import { oldOf, removeJournal, type SwapFolders, type SwapJournal, stagingOf } from './journal.ts'
import { isThere, pathOf, removeEmpty } from './moves.ts'

type Remove = (path: string) => Promise<unknown>

/**
 * Ends a swap whose entries are all in their places: Undo may go back to its restore point, the old entries go, and last of
 * all the journal. May be run again after a crash. Resolves with where the old entries were set aside, if they were.
 */
export async function finishSwap(
  folders: SwapFolders,
  journal: SwapJournal,
  storage: Storage,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  remove: Remove,
): Promise<string | null> {
  try {
    await markSnapshot(storage, journal.restorePoint, { what: 'applied', at: clock.wall() })
  } catch (error) {
    // The site is restored whatever the backup disk does; only Undo does not find the way by itself.
    logger.error('The restore point could not be marked as the one that Undo goes back to.', {
      restorePoint: journal.restorePoint,
      error: String(error),
    })
  }
  const setAside = await disposeOld(folders, journal, remove)
  await remove(stagingOf(folders, journal.job))
  await removeJournal(folders, journal.job)
  return setAside
}

/**
 * Ends a swap that was taken back: nothing of it is left. The folder of the old entries goes after the record, because a
 * record without it could not be acted on; it is empty by now.
 */
export async function removeUndone(folders: SwapFolders, journal: SwapJournal, remove: Remove): Promise<void> {
  await remove(stagingOf(folders, journal.job))
  await removeJournal(folders, journal.job)
  await removeEmpty(oldOf(folders, journal.job)) // Is something in it, the next opening sets it aside.
}

/** Whether something was put in the place of an old entry while the swap went on: no restore point holds that. */
async function holdsLate(old: string, { entries }: SwapJournal): Promise<boolean> {
  for (const { key } of entries) {
    if (await isThere(pathOf({ folder: Buffer.from(old), key: `${key}.late` }))) return true
  }
  return false
}

/** Removes the old entries, or moves them to quarantine when they hold what no restore point holds. */
async function disposeOld(folders: SwapFolders, journal: SwapJournal, remove: Remove): Promise<string | null> {
  const old = oldOf(folders, journal.job)
  if (!journal.keepOld && !(await holdsLate(old, journal))) {
    await remove(old)
    return null
  }
  if (await removeEmpty(old)) return null
  const place = join(folders.quarantine, `before-${journal.job}`)
  await mkdir(folders.quarantine, { recursive: true, mode: 0o700 })
  await rename(old, place)
  return place
}
