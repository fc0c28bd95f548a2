import { lstatSync, mkdirSync } from 'node:fs'
import { foldersOf } from '#shared/path-key.ts'
import { fromRawKey, joinRaw, rawKey } from '../raw-path.ts'

/**
 * Decides which left-out entries can be carried over into the staged folders, and makes the folders that they need. An entry
 * whose place is taken in the snapshot, or lies behind a link or a file, stays behind: `stranded`.
 */
export function prepareKept(
  staged: Buffer,
  kept: readonly Buffer[],
  swapped: readonly string[],
): { readonly carried: readonly Buffer[]; readonly stranded: readonly Buffer[] } {
  const carried: Buffer[] = []
  const stranded: Buffer[] = []
  for (const path of kept) {
    const parts = rawKey(path).split('/')
    if (!foldersOf(rawKey(path)).some((folder) => swapped.includes(folder))) continue // Nothing above it is swapped: it stays.
    if (isSidecarOfStaged(staged, parts)) continue
    if (makeParents(staged, parts.slice(0, -1)) && !exists(joinRaw(staged, path))) carried.push(path)
    else stranded.push(path)
  }
  return { carried, stranded }
}

/** A log file must never come to lie beside a restored database: SQLite would replay it. */
function isSidecarOfStaged(staged: Buffer, parts: readonly string[]): boolean {
  const base = /^(.+)-(?:wal|shm|journal)$/s.exec(parts.at(-1) ?? '')?.[1]
  return base !== undefined && exists(joinRaw(staged, fromRawKey([...parts.slice(0, -1), base].join('/'))))
}

function makeParents(staged: Buffer, folders: readonly string[]): boolean {
  let folder = staged
  for (const name of folders) {
    folder = joinRaw(folder, fromRawKey(name))
    const stat = lstatSync(folder, { throwIfNoEntry: false })
    if (!stat) mkdirSync(folder, { mode: 0o755 })
    else if (!stat.isDirectory()) return false
  }
  return true
}

function exists(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
