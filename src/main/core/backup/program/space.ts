import { freeBytes } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Storage } from '../repository/storage.ts'
import { isFull } from '../repository/storage-errors.ts'

export { freeBytes } from '#core/platform/index.ts'

const MiB = 1024 * 1024
/** Left free whatever happens, so that a full disk can still be cleaned up. */
const reserve = 48 * MiB

/** Refuses with `disk-full` when `needed` bytes and the reserve do not fit. `what`: "The backup". */
export async function assertRoom(path: string, needed: number, what: string): Promise<void> {
  refuseWhenFull(path, await freeBytes(path), needed, what)
}

/** As {@link assertRoom}, for a repository; one that does not know its free space is taken at its word. */
export async function assertRoomIn(storage: Storage, needed: number, what: string): Promise<void> {
  refuseWhenFull(storage.place, await storage.freeBytes(), needed, what)
}

function refuseWhenFull(path: string, free: number | null, needed: number, what: string): void {
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
  if (!isFull(error)) return error
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
