import { rename, stat, unlink } from 'node:fs/promises'
import type { Logger } from '#core/platform/index.ts'
import type { LogFiles } from './launch-plan.ts'

/** A log file that is larger than this when its service starts is put aside, bytes. */
const rotateAbove = 16 * 1024 * 1024
/** So many files that were put aside are kept: `api.out.log.1` is the newest. */
const kept = 5

/**
 * Puts large logs aside. Only between two lives of a service: a running child holds its file open for appending, so renaming
 * would take its output along, and copying and truncating would lose what it writes between the two.
 */
export async function rotateAtStart(files: LogFiles, logger: Logger, limit: number = rotateAbove): Promise<void> {
  for (const path of [files.out, files.err]) {
    try {
      const size = (await stat(path).catch(() => undefined))?.size ?? 0
      if (size > limit) await rotate(path)
    } catch (error) {
      logger.warn('A log could not be put aside; it goes on growing.', { path, error: String(error) })
    }
  }
}

async function rotate(path: string): Promise<void> {
  await unlink(`${path}.${kept}`).catch(ignoreMissing)
  for (let number = kept - 1; number >= 1; number--) {
    await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(ignoreMissing)
  }
  await rename(path, `${path}.1`)
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
