import type { FileHandle } from 'node:fs/promises'
import type { LogLine } from '#shared/contract/services.ts'
import type { LogFiles } from './launch-plan.ts'
import { openLog } from './log-file.ts'
import { interleave, LineCutter } from './log-lines.ts'

/** No tail reads more than this of a file, bytes. */
const tailCap = 4 * 1024 * 1024
const chunkBytes = 64 * 1024

/** The last lines of a service's log. Files that do not exist yet are empty. */
export async function logTail(files: LogFiles, lines: number): Promise<readonly LogLine[]> {
  const [out, err] = await Promise.all([tailOf(files.out, 'out', lines), tailOf(files.err, 'err', lines)])
  return interleave(out, err).slice(-lines)
}

/** The last lines of one file, reading no earlier than byte `from`. What follows the last line end counts as a line. */
export async function tailOf(
  path: string,
  stream: LogLine['stream'],
  lines: number,
  from = 0,
): Promise<readonly LogLine[]> {
  const handle = await openLog(path)
  if (!handle || lines <= 0) {
    await handle?.close()
    return []
  }
  try {
    const { size } = await handle.stat()
    // Truncated since `from` was noted: everything in it is newer.
    const floor = Math.max(from > size ? 0 : from, size - tailCap)
    const chunks: Buffer[] = []
    let ends = 0
    let at = size
    while (at > floor && ends <= lines) {
      const begin = Math.max(floor, at - chunkBytes)
      const chunk = await readFully(handle, begin, at - begin)
      ends += count(chunk, 0x0a)
      chunks.unshift(chunk)
      at = begin
    }
    const cutter = new LineCutter(stream)
    const bytes = Buffer.concat(chunks)
    const written = bytes.findIndex((byte) => byte !== 0) // zeros stand where earlier lines were put aside
    if (written < 0) return []
    const all = [...cutter.push(bytes.subarray(written)), ...cutter.end()]
    return all.slice(-lines)
  } finally {
    await handle.close()
  }
}

async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

function count(bytes: Uint8Array, wanted: number): number {
  let found = 0
  for (const byte of bytes) if (byte === wanted) found++
  return found
}
