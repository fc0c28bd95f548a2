import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises'
import { type Clock, type Logger, punchHole } from '#core/platform/index.ts'
import type { LogFiles } from './launch-plan.ts'

/** A log that takes more disk space than this is put aside, bytes. */
const rotateAbove = 16 * 1024 * 1024
/** So many files that were put aside are kept: `api.out.log.1` is the newest. */
export const kept = 5
const copyChunk = 256 * 1024

/**
 * Puts large logs aside before their service starts, when nobody writes to them: by renaming.
 */
export async function rotateAtStart(files: LogFiles, logger: Logger, limit: number = rotateAbove): Promise<void> {
  for (const path of [files.out, files.err]) {
    try {
      if ((await diskBytes(path)) <= limit) continue
      await keep(path, path)
    } catch (error) {
      logger.warn('A log could not be put aside; it goes on growing.', { path, error: String(error) })
    }
  }
}

/**
 * Puts aside what a running service has written, without losing a byte. Its file is open in the child for appending: renamed it
 * would take the output along, and between a copy and a truncation lines would be lost. So the whole lines that are there are
 * copied to `<log>.1`, made durable, and only then is exactly their disk space given back (a hole at the beginning, which reads
 * as zeros); the child goes on appending behind them. The file's size grows on, the space that it takes does not.
 */
export async function rotateWhileRunning(
  files: LogFiles,
  { clock, logger, limit = rotateAbove }: { clock: Clock; logger: Logger; limit?: number },
): Promise<void> {
  for (const path of [files.out, files.err]) {
    try {
      if ((await diskBytes(path)) > limit) await putAside(path, clock, logger)
    } catch (error) {
      logger.warn('A log could not be put aside; it goes on growing.', { path, error: String(error) })
    }
  }
}

async function putAside(path: string, clock: Clock, logger: Logger): Promise<void> {
  const source = await open(path, 'r')
  try {
    const { size } = await source.stat()
    const from = await firstWritten(source, size)
    const to = await endOfLastLine(source, from, size)
    if (to <= from) return
    const copy = `${path}.new`
    // Left by a crash between the copy and its renaming: kept, because its lines may be nowhere else any more.
    if ((await diskBytes(copy)) > 0) await keep(copy, path)
    await copyRange(source, from, to, copy)
    if (await punchHole(path, to, clock)) {
      await keep(copy, path)
    } else {
      await unlink(copy)
      logger.warn('The file system cannot give back part of a log; it is put aside when its service starts.', { path })
    }
  } finally {
    await source.close()
  }
}

/** Makes a file the newest of those that were put aside for a log; the oldest goes. */
async function keep(file: string, path: string): Promise<void> {
  await unlink(`${path}.${kept}`).catch(ignoreMissing)
  for (let number = kept - 1; number >= 1; number--) {
    await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(ignoreMissing)
  }
  await rename(file, `${path}.1`)
}

/** Where the zeros of an earlier rotation end: what services write holds no long run of zeros. */
export async function firstWritten(file: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(4096)
  let low = 0
  let high = Math.ceil(size / block.length)
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { bytesRead } = await file.read(block, 0, block.length, middle * block.length)
    if (block.subarray(0, bytesRead).every((byte) => byte === 0)) low = middle + 1
    else high = middle
  }
  const begin = low * block.length
  const { bytesRead } = await file.read(block, 0, block.length, begin)
  const written = block.subarray(0, bytesRead).findIndex((byte) => byte !== 0)
  return written < 0 ? size : begin + written
}

async function endOfLastLine(file: FileHandle, from: number, size: number): Promise<number> {
  const chunk = Buffer.alloc(copyChunk)
  for (let end = size; end > from; ) {
    const begin = Math.max(from, end - chunk.length)
    const { bytesRead } = await file.read(chunk, 0, end - begin, begin)
    const at = chunk.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (at >= 0) return begin + at + 1
    end = begin
  }
  return size // one endless line: cut where it is
}

async function copyRange(source: FileHandle, from: number, to: number, path: string): Promise<void> {
  const target = await open(path, 'w', 0o600)
  try {
    const chunk = Buffer.alloc(copyChunk)
    for (let at = from; at < to; ) {
      const { bytesRead } = await source.read(chunk, 0, Math.min(chunk.length, to - at), at)
      if (bytesRead === 0) throw new Error('the log became shorter while it was copied')
      await target.writeFile(chunk.subarray(0, bytesRead))
      at += bytesRead
    }
    await target.sync()
  } finally {
    await target.close()
  }
}

/** Disk space that a file takes, bytes; less than its size where it has holes. */
async function diskBytes(path: string): Promise<number> {
  return ((await stat(path).catch(() => undefined))?.blocks ?? 0) * 512
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
