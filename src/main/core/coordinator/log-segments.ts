import { type FileHandle, stat } from 'node:fs/promises'
import { openLog } from './log-file.ts'
import { firstWritten, kept } from './log-rotation.ts'

/**
 * A place in a log, counted in bytes of one of its files. It names the same line for ever: a running service's log keeps its
 * offsets when its beginning is put aside, and one that is renamed keeps its inode. Negative: in the files before that one.
 */
export interface LogPlace {
  readonly inode: number
  readonly offset: number
}

/** One file of a log and the part of the whole log that it holds. */
interface Segment {
  readonly handle: FileHandle
  readonly inode: number
  /** Where what was written begins in the file: before it there may be a hole. */
  readonly begin: number
  /** Position in the log of what was written first in the file, in offsets of the newest file. */
  readonly base: number
  readonly length: number
}

/** How often a set of files that changes while it is opened is opened anew, and the pause before, milliseconds. */
const attempts = 20
const pauseMs = 25

/** All files of one stream's log, opened at one moment, as one row of bytes. Positions are offsets of the newest file. */
export class LogSegments implements AsyncDisposable {
  readonly #segments: readonly Segment[]

  private constructor(segments: readonly Segment[]) {
    this.#segments = segments
  }

  /** Opens them while nothing is being put aside; a log that does not exist is empty. */
  static async open(path: string): Promise<LogSegments> {
    for (let attempt = 1; ; attempt++) {
      const opened = await openAll(path)
      if (opened.settled || attempt === attempts) return new LogSegments(opened.segments)
      await closeAll(opened.segments)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /** The inode that places are told by; 0 when there is no file. */
  get inode(): number {
    return this.#segments[0]?.inode ?? 0
  }

  get begin(): number {
    return this.#segments.at(-1)?.base ?? 0
  }

  get end(): number {
    const [newest] = this.#segments
    return newest ? newest.base + newest.length : 0
  }

  /** Where a place is now; undefined when its file is no longer there. */
  positionOf({ inode, offset }: LogPlace): number | undefined {
    const found = this.#segments.find((segment) => segment.inode === inode)
    return found && found.base + offset - found.begin
  }

  /**
   * Up to `most` bytes that end at a position, of one file. `first` tells that they begin with the first of that file, which
   * is the beginning of a line. `punched`: they were put aside meanwhile, and the files must be opened anew.
   */
  async before(
    position: number,
    most: number,
  ): Promise<{ readonly bytes: Buffer; readonly from: number; readonly first: boolean; readonly punched: boolean }> {
    const segment = this.#segments.find(({ base }) => base < position)
    if (!segment) return { bytes: Buffer.alloc(0), from: position, first: true, punched: false }
    const to = Math.min(position, segment.base + segment.length)
    const from = Math.max(segment.base, to - most)
    const offset = segment.begin + from - segment.base
    const bytes = Buffer.allocUnsafe(to - from)
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await segment.handle.read(bytes, filled, bytes.length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    const read = bytes.subarray(0, filled)
    const punched = read[0] === 0 && (await firstWritten(segment.handle, offset + filled)) > offset
    return { bytes: read, from, first: from === segment.base, punched }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.#segments)
  }
}

async function openAll(path: string): Promise<{ readonly segments: readonly Segment[]; readonly settled: boolean }> {
  const paths = [path, ...Array.from({ length: kept }, (_, index) => `${path}.${index + 1}`)]
  const files: { readonly path: string; readonly handle: FileHandle; readonly inode: number }[] = []
  for (const each of paths) {
    const handle = await openLog(each)
    if (handle) files.push({ path: each, handle, inode: (await handle.stat()).ino })
  }
  const segments: Segment[] = []
  let until: number | undefined
  for (const { handle, inode } of files) {
    const { size } = await handle.stat()
    const begin = await firstWritten(handle, size)
    const length = Math.max(0, size - begin)
    const base: number = until === undefined ? begin : until - length
    until = base
    segments.push({ handle, inode, begin, base, length })
  }
  // Looked at once more: while a part is being put aside it is in two files, or in none of these.
  const now = await Promise.all(paths.map(inodeOf))
  const before = paths.map((each) => files.find((file) => file.path === each)?.inode)
  const isMoving = (await inodeOf(`${path}.new`)) !== undefined
  return { segments, settled: !isMoving && now.every((inode, index) => inode === before[index]) }
}

async function closeAll(segments: readonly Segment[]): Promise<void> {
  await Promise.all(segments.map(({ handle }) => handle.close().catch(() => {})))
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.ino
}
