import { readdirSync, readlinkSync } from 'node:fs'
import { commandOf, pids } from './proc-table.ts'

/** A process that has one of some files open. */
export interface FileHolder {
  readonly pid: number
  readonly command: string
}

/**
 * Who has any of these files open (absolute real paths), the calling process left out; only processes whose files this user
 * may see. Empty where there is no /proc.
 */
export function fileHolders(paths: readonly string[]): readonly FileHolder[] {
  if (process.platform !== 'linux') return []
  const wanted = new Set(paths)
  return [...pids()].flatMap((pid) => {
    if (pid === process.pid || !openFilesOf(pid).some((path) => wanted.has(path))) return []
    return [{ pid, command: commandOf(pid) ?? '?' }]
  })
}

function openFilesOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`)]
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}
