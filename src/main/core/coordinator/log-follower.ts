import { type FileHandle, stat } from 'node:fs/promises'
import type { Clock } from '#core/platform/index.ts'
import type { LogLine } from '#shared/contract/services.ts'
import type { LogFiles } from './launch-plan.ts'
import { openLog } from './log-file.ts'
import { interleave, LineCutter } from './log-lines.ts'
import { logTail } from './log-tail.ts'

/** How often the files are looked at, milliseconds. */
const lookEveryMs = 250
/** As much as one look reads of one file; of a larger growth only the end is told, with a line that says so. */
const lookCap = 1024 * 1024

export interface FollowOptions {
  /** Lines of the past to begin with. */
  readonly lines: number
  readonly clock: Clock
  readonly onLines: (lines: readonly LogLine[]) => void
}

/**
 * Tells the last `lines` of a service's log and then each further complete line, out and err alike, as they are written; goes
 * on through rotation and truncation. Resolves once the first lines are told. Disposing it ends it.
 */
export async function followLog(files: LogFiles, { lines, onLines, clock }: FollowOptions): Promise<Disposable> {
  const sources = [new GrowingFile(files.out, 'out'), new GrowingFile(files.err, 'err')]
  let timer: Disposable | undefined
  let ended = false

  for (const source of sources) await source.openAtEnd()
  const first = await logTail(files, lines)
  if (first.length > 0) onLines(first)

  const look = async () => {
    const [out = [], err = []] = await Promise.all(sources.map((source) => source.grown()))
    if (!ended && out.length + err.length > 0) onLines(interleave(out, err))
    if (ended) await Promise.all(sources.map((source) => source.close()))
    else timer = clock.after(lookEveryMs, () => void look())
  }
  timer = clock.after(lookEveryMs, () => void look())

  return {
    [Symbol.dispose]() {
      ended = true
      if (timer) void Promise.all(sources.map((source) => source.close()))
      timer?.[Symbol.dispose]()
    },
  }
}

/** One file that others append to, and that may be renamed away, truncated, or not be there yet. */
class GrowingFile {
  readonly #path: string
  readonly #stream: LogLine['stream']
  readonly #cutter: LineCutter
  #handle: FileHandle | undefined
  #inode = 0
  #at = 0

  constructor(path: string, stream: LogLine['stream']) {
    this.#path = path
    this.#stream = stream
    this.#cutter = new LineCutter(stream)
  }

  async openAtEnd(): Promise<void> {
    if (await this.#open()) this.#at = (await this.#handle?.stat())?.size ?? 0
  }

  /** The complete lines that were added since the last look. */
  async grown(): Promise<readonly LogLine[]> {
    try {
      if (!this.#handle && !(await this.#open())) return []
      const lines = [...(await this.#read())]
      if (await this.#wasReplaced()) {
        lines.push(...(await this.#read()), ...this.#cutter.end()) // what came between the look and the renaming
        await this.close()
        if (await this.#open()) lines.push(...(await this.#read()))
      }
      return lines
    } catch {
      await this.close() // unreadable now; the next look tries again
      return []
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close().catch(() => {})
  }

  async #open(): Promise<boolean> {
    this.#handle = await openLog(this.#path).catch(() => undefined)
    if (!this.#handle) return false
    this.#inode = (await this.#handle.stat()).ino
    this.#at = 0
    this.#cutter.forget()
    return true
  }

  async #read(): Promise<readonly LogLine[]> {
    if (!this.#handle) return []
    const { size } = await this.#handle.stat()
    if (size < this.#at) {
      this.#at = 0
      this.#cutter.forget()
    }
    const lines: LogLine[] = []
    if (size - this.#at > lookCap) {
      const skipped = size - this.#at - lookCap
      this.#at = size - lookCap
      this.#cutter.forget()
      lines.push({ at: null, stream: this.#stream, text: `… ${skipped} bytes were written too fast to be shown …` })
    }
    const buffer = Buffer.allocUnsafe(Math.min(lookCap, Math.max(0, size - this.#at)))
    while (this.#at < size) {
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(buffer.length, size - this.#at), this.#at)
      if (bytesRead === 0) break
      this.#at += bytesRead
      lines.push(...this.#cutter.push(buffer.subarray(0, bytesRead)))
    }
    return lines
  }

  async #wasReplaced(): Promise<boolean> {
    const now = await stat(this.#path).catch(() => undefined)
    return now === undefined || now.ino !== this.#inode
  }
}
