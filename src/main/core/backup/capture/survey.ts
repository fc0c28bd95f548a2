import { lstatSync, readdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { joinRaw } from '../raw-path.ts'
import type { Scope } from './scope.ts'

/** How much there is to capture, counted before it is read: for progress and for the check of free space. */
export async function surveySite(site: string, scope: Scope): Promise<{ files: number; bytes: number }> {
  const found = { files: 0, bytes: 0 }
  const folders: { folder: Buffer; path: Buffer }[] = [{ folder: Buffer.from(site), path: Buffer.alloc(0) }]
  for (let next = folders.pop(); next; next = folders.pop()) {
    await turn()
    for (const name of namesIn(next.folder)) {
      const path = joinRaw(next.path, name)
      if ((next.path.length === 0 && !scope.coversTop(name)) || scope.excludes(path)) continue
      if (scope.place(path) === 'outside') continue
      const file = joinRaw(next.folder, name)
      const stat = statOf(file)
      if (stat?.isDirectory()) folders.push({ folder: file, path })
      else if (stat?.isFile()) {
        found.files++
        found.bytes += stat.size
      }
    }
  }
  return found
}

/** Also for a path that is longer than the system allows, which the capture tells. */
function statOf(file: Buffer) {
  try {
    return lstatSync(file, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function namesIn(folder: Buffer): readonly Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' })
  } catch {
    return [] // The capture itself says what could not be read.
  }
}
