import { type ManifestEntry, type ManifestFiles, sameEntry } from './manifest.ts'
import type { ReleaseDifference } from './types.ts'

/** Files of two releases compared; sorted. */
export function differenceOf(from: ManifestFiles, to: ManifestFiles): ReleaseDifference {
  const added: { path: string; bytes: number }[] = []
  const removed: { path: string; bytes: number }[] = []
  const changed: { path: string; bytes: number; before: number }[] = []
  let unchanged = 0
  for (const [path, entry] of to) {
    const before = from.get(path)
    if (!before) added.push({ path, bytes: bytesOf(entry) })
    else if (sameEntry(before, entry)) unchanged++
    else changed.push({ path, bytes: bytesOf(entry), before: bytesOf(before) })
  }
  for (const [path, entry] of from) if (!to.has(path)) removed.push({ path, bytes: bytesOf(entry) })
  return { added: added.sort(byPath), removed: removed.sort(byPath), changed: changed.sort(byPath), unchanged }
}

function bytesOf(entry: ManifestEntry): number {
  return 'size' in entry ? entry.size : 0
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1
}
