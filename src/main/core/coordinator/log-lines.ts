import type { LogLine } from '#shared/contract/services.ts'

/** Longer lines are cut: a service that writes no line ends must not fill the memory. Characters. */
export const lineCap = 8_192

/** Cuts a stream of bytes into complete lines, across chunks that end in the middle of a line or of a character. */
export class LineCutter {
  readonly #stream: LogLine['stream']
  #decoder = new TextDecoder()
  #rest = ''
  /** The rest of a line that was already told, cut, is thrown away up to its end. */
  #skipping = false

  constructor(stream: LogLine['stream']) {
    this.#stream = stream
  }

  push(chunk: Uint8Array): readonly LogLine[] {
    const parts = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = parts.pop() ?? ''
    const lines: LogLine[] = []
    for (const part of parts) {
      if (this.#skipping) this.#skipping = false
      else lines.push(toLogLine(part, this.#stream))
    }
    if (this.#rest.length > lineCap) {
      if (!this.#skipping) lines.push(toLogLine(this.#rest, this.#stream))
      this.#skipping = true
      this.#rest = ''
    }
    return lines
  }

  /** What was written after the last line end, as a line. */
  end(): readonly LogLine[] {
    const rest = this.#skipping ? '' : this.#rest
    this.forget()
    return rest === '' ? [] : [toLogLine(rest, this.#stream)]
  }

  /** Starts anew, as at the beginning of another file. */
  forget(): void {
    this.#decoder = new TextDecoder()
    this.#rest = ''
    this.#skipping = false
  }
}

/** A line with its time, where it begins with one in the ISO form (`2026-01-05T08:00:00.000Z …`, also in brackets). */
export function toLogLine(raw: string, stream: LogLine['stream']): LogLine {
  const clean = raw.replace(/\r$/, '').replaceAll('\0', '')
  const text = clean.length > lineCap ? `${clean.slice(0, lineCap - 1)}…` : clean
  const stamp = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[+-]\d\d:?\d\d))/.exec(text)?.[1]
  const at = stamp === undefined ? Number.NaN : Date.parse(stamp.replace(',', '.').replace(' ', 'T'))
  return { at: Number.isNaN(at) ? null : at, stream, text }
}

/**
 * Lines of both streams in one order: by their times where every line has one, else those of stdout before those of stderr,
 * because nothing tells how they were interleaved.
 */
export function interleave(out: readonly LogLine[], err: readonly LogLine[]): readonly LogLine[] {
  const all = [...out, ...err]
  return all.every((line) => line.at !== null) ? all.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)) : all
}
