import { ConsoleError } from '#shared/problem.ts'
import { ownFolder } from '../capture/scope.ts'
import { rawKey, shown } from '../raw-path.ts'
import { nameBytes, type TreeEntry } from '../repository/tree.ts'

const windowsReserved = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i

/**
 * Refuses a listing whose names could lead a restore out of its folder, or that means two things at once. A snapshot comes
 * from a disk that others may write to, so it is not believed. `alone`: entries of different folders. Throws `snapshot-hostile`.
 */
export function assertSafeListing(
  entries: readonly TreeEntry[],
  platform: NodeJS.Platform,
  kind: 'listing' | 'alone' = 'listing',
): void {
  let last = ''
  for (const entry of entries) {
    const name = nameBytes(entry)
    const problem = problemOf(name, platform)
    if (problem) throw hostile(name, problem)
    const key = rawKey(name)
    if (kind === 'listing' && key <= last) throw hostile(name, 'it is there twice, or out of order')
    last = key
  }
}

/** Refuses the console's own folder among the entries of the site folder. */
export function assertSafeTop(entries: readonly TreeEntry[]): void {
  for (const entry of entries) {
    if (rawKey(nameBytes(entry)).toLowerCase() === ownFolder) {
      throw hostile(nameBytes(entry), "it is the console's own folder")
    }
  }
}

function problemOf(name: Buffer, platform: NodeJS.Platform): string | null {
  if (name.length === 0) return 'it is empty'
  if (name.length > 255) return 'it is longer than 255 bytes'
  const key = rawKey(name)
  if (key === '.' || key === '..') return 'it leads to another folder'
  if (key.includes('/')) return 'it holds a path, not a name'
  if (key.includes('\0')) return 'it holds a zero byte'
  if (platform !== 'win32') return null
  if (/[\\:]/.test(key)) return 'it names a drive or a path'
  if (windowsReserved.test(key) || /[. ]$/.test(key)) return 'Windows reserves it'
  return null
}

/** More files and folders than any site has: a few listings that hold one another many times over would keep a restore busy for ever. */
export const mostEntries = 2_000_000

/** Refuses a snapshot with more entries than that. Throws `snapshot-hostile`. */
export function assertFinite(entries: number): void {
  if (entries <= mostEntries) return
  throw new ConsoleError(
    'snapshot-hostile',
    `The snapshot holds more than ${mostEntries.toLocaleString('en')} files and folders, so it must not be restored.`,
    'Do not use this snapshot; find out who can write to the backup folder.',
    { params: { entries } },
  )
}

/** Bytes of a path below the site folder: more no system takes, and folders in one another without end cost time. */
const longestPath = 4_096

/** Refuses a path that no file can have. Throws `snapshot-hostile`. */
export function assertPossible(path: Buffer): void {
  if (path.length > longestPath) throw hostile(path.subarray(0, 80), `its path is longer than ${longestPath} bytes`)
}

/** An entry that a restore refuses: its name, and why. */
export function hostile(name: Buffer, why: string): ConsoleError {
  return new ConsoleError(
    'snapshot-hostile',
    `The snapshot holds an entry "${shown(name)}" that must not be restored: ${why}.`,
    'Do not use this snapshot; find out who can write to the backup folder.',
    { params: { name: shown(name) } },
  )
}
