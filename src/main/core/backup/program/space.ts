import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'

const MiB = 1024 * 1024
/** Left free whatever happens, so that a full disk can still be cleaned up. */
const reserve = 48 * MiB

/** Bytes that this user may still write on the disk of `path`; null where the system does not say. */
export async function freeBytes(path: string): Promise<number | null> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    } catch {
      if (folder === dirname(folder)) return null
    }
  }
}

/** Refuses with `disk-full` when `needed` bytes and the reserve do not fit. `what`: "The backup". */
export async function assertRoom(path: string, needed: number, what: string): Promise<void> {
  const free = await freeBytes(path)
  if (free === null || free >= needed + reserve) return
  throw new ConsoleError(
    'disk-full',
    `${what} needs about ${megabytes(needed + reserve)} MB on the disk of ${path}, and ${megabytes(free)} MB are free. Nothing was changed.`,
    'Free space on that disk, or use another one, then try again.',
    { params: { path, needed: needed + reserve, free }, retryable: true },
  )
}

/** The errors of a full disk in words; everything else as it is. */
export function asProblem(error: unknown, what: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new ConsoleError(
    'disk-full',
    `${what} stopped because the disk is full. The site was not touched.`,
    'Free space on the disk of the backups and on that of the site, then try again.',
    { retryable: true, cause: error },
  )
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}
