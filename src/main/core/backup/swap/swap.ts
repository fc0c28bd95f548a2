import { lstat, mkdir, stat, utimes } from 'node:fs/promises'
import { type CrashPoints, syncFolder } from '#core/platform/index.ts'
import { isWithin } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { DatabaseSwap } from '../postgres/swap-databases.ts'
import { fromRawKey, shown } from '../raw-path.ts'
import { oldOf, type SwapFolders, type SwapJournal, stagingOf, treeOf, writeJournal } from './journal.ts'
import { assertRealFolder, pathOf as at, isThere, makeParent, move } from './moves.ts'

/**
 * Brings every entry of the journal into its place. Each step looks at what is there before it acts, so that the whole can
 * be run again after a crash at any moment. Rejects with the system's reason; the journal then still says `swapping`.
 */
export async function swapForward(
  folders: SwapFolders,
  journal: SwapJournal,
  points: CrashPoints,
  databases: DatabaseSwap,
): Promise<SwapJournal> {
  const place = placesOf(folders, journal)
  await makeOldFolders(folders, journal)
  for (const { key, what } of journal.entries) {
    const staged = { folder: place.staged, key }
    const old = { folder: place.old, key }
    const site = { folder: place.site, key }
    // As long as the new entry is still staged, what lies in its place is the old one.
    const arrived = what !== 'delete' && !(await isThere(at(staged)))
    if (arrived) {
      if (!(await isThere(at(site)))) throw lost(key)
      continue
    }
    if ((await isThere(at(site))) && !(await isThere(at(old)))) {
      await move(site, old)
      points.reach('restore.swap-entry')
    }
    if (what === 'delete') continue
    // Something took the place again after the old entry had gone: it is kept beside the old ones.
    if (await isThere(at(site))) await move(site, { folder: place.old, key: `${key}.late` })
    await moveDeep(place.staged, place.site, key)
    points.reach('restore.swap-entry')
  }
  for (const key of journal.carried) {
    if (!(await isThere(at({ folder: place.old, key }))) || (await isThere(at({ folder: place.site, key })))) continue
    await moveDeep(place.old, place.site, key)
    points.reach('restore.swap-entry')
  }
  // Last: what lies in files can be taken back without anybody's help.
  await databases.forward(journal.databases ?? [], points)
  const done: SwapJournal = { ...journal, state: 'swapped' }
  try {
    await writeJournal(folders, done)
  } catch {
    // Everything is in its place. A disk that is full by now is no reason to take it back: what the record says still leads here.
    return journal
  }
  return done
}

/** Makes the folder of the old entries, and in it those that deep entries lie in: nothing moves into a folder that a power cut could take away. */
export async function makeOldFolders(folders: SwapFolders, { job, entries }: SwapJournal): Promise<void> {
  const old = oldOf(folders, job)
  await mkdir(old, { recursive: true, mode: 0o700 })
  await syncFolder(folders.swap)
  for (const { key } of entries) await makeParent({ folder: Buffer.from(old), key })
}

/** Whether everything that the journal would bring into its place is either there already or still staged. */
export async function canGoForward(
  folders: SwapFolders,
  journal: SwapJournal,
  databases: DatabaseSwap,
): Promise<boolean> {
  const place = placesOf(folders, journal)
  for (const { key, what } of journal.entries) {
    if (what === 'delete') continue
    const staged = await isThere(at({ folder: place.staged, key }))
    const arrived =
      (await isThere(at({ folder: place.site, key }))) &&
      (what === 'add' || (await isThere(at({ folder: place.old, key }))))
    if (!staged && !arrived) return false
  }
  return await databases.canGoForward(journal.databases ?? [])
}

/**
 * Old entries are moved into a folder that is made before the record is written: without it nobody can tell whether what
 * lies in the site is old or new. Rejects with `restore-old-lost`.
 */
export async function assertCanGoBack(folders: SwapFolders, journal: SwapJournal): Promise<void> {
  const old = oldOf(folders, journal.job)
  const stat = await lstat(old).catch(() => null)
  if (stat?.isDirectory()) return
  throw new ConsoleError(
    'restore-old-lost',
    `The folder ${old} with the entries from before is not there`,
    'Put it back where it was, then open the site again.',
    { params: { folder: old } },
  )
}

/** Nothing is moved through a link that stands where a folder of the restore belongs. */
export async function assertRealPlaces(folders: SwapFolders, { job }: SwapJournal): Promise<void> {
  for (const folder of [stagingOf(folders, job), treeOf(folders, job), oldOf(folders, job)]) {
    await assertRealFolder(Buffer.from(folder))
  }
}

/** Takes every move back, the last one first. The journal says so before the first, so that a crash goes on backwards. */
export async function swapBack(
  folders: SwapFolders,
  journal: SwapJournal,
  points: CrashPoints,
  databases: DatabaseSwap,
): Promise<void> {
  const undoing: SwapJournal = { ...journal, state: 'undoing' }
  try {
    await writeJournal(folders, undoing)
  } catch {
    // On a disk that is full the way back is still open: renames need no room. Cut off here, the restore would go forward again.
  }
  await databases.back(journal.databases ?? [], points)
  const place = placesOf(folders, journal)
  // What was staged may be lost as a whole; what arrived needs a place to go back to.
  await mkdir(treeOf(folders, journal.job), { recursive: true, mode: 0o700 })
  for (const key of [...journal.carried].reverse()) {
    const carriedBack = await isThere(at({ folder: place.old, key }))
    if (!carriedBack && (await isThere(at({ folder: place.site, key })))) {
      // Only if the entry that it lies in has been swapped: else it never moved.
      const swapped = journal.entries.find((entry) => isWithin(key, entry.key))
      const old = swapped && { folder: place.old, key: swapped.key }
      if (old && (await isThere(at(old)))) await moveDeep(place.site, place.old, key)
    }
  }
  for (const { key, what } of [...journal.entries].reverse()) {
    const staged = { folder: place.staged, key }
    const old = { folder: place.old, key }
    const site = { folder: place.site, key }
    const oldThere = await isThere(at(old))
    await makeParent(staged)
    if (
      what !== 'delete' &&
      !(await isThere(at(staged))) &&
      (what === 'add' || oldThere) &&
      (await isThere(at(site)))
    ) {
      await move(site, staged)
      points.reach('restore.take-back')
    }
    if (oldThere && !(await isThere(at(site)))) await moveDeep(place.old, place.site, key)
    points.reach('restore.take-back')
  }
}

function placesOf(folders: SwapFolders, journal: SwapJournal) {
  return {
    site: Buffer.from(folders.site),
    staged: Buffer.from(treeOf(folders, journal.job)),
    old: Buffer.from(oldOf(folders, journal.job)),
  }
}

/** Moves an entry from one folder to the same path in another, whose folders on the way are made where they are missing. */
async function moveDeep(from: Buffer, to: Buffer, key: string): Promise<void> {
  const target = { folder: to, key }
  await makeParent(target)
  // What is carried has been there all the time: the folder keeps its own time.
  const parent = at({ folder: to, key: key.slice(0, Math.max(0, key.lastIndexOf('/'))) })
  const { atimeMs, mtimeMs } = await stat(parent)
  await move({ folder: from, key }, target)
  await utimes(parent, atimeMs / 1_000, mtimeMs / 1_000)
}

function lost(key: string): ConsoleError {
  const name = shown(fromRawKey(key))
  return new ConsoleError(
    'restore-staging-lost',
    `The entry ${name} that was to be restored is neither staged nor in its place.`,
    'What was there before is put back.',
    { params: { name } },
  )
}
