const mostLines = 2_000
const longestLine = 2_000

/** A job's log in memory: the newest lines, and how many older ones were given up. */
export class LogLines {
  readonly #lines: string[]
  #skipped: number

  constructor(lines: readonly string[] = [], skipped = 0) {
    this.#lines = [...lines]
    this.#skipped = skipped
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  get skipped(): number {
    return this.#skipped
  }

  /** Adds a text, line by line; a line that is too long is cut and says so. */
  add(text: string): void {
    for (const line of text.split(/\r?\n/)) {
      this.#lines.push(line.length > longestLine ? `${line.slice(0, longestLine)}… (cut)` : line)
    }
    const over = this.#lines.length - mostLines
    if (over <= 0) return
    this.#lines.splice(0, over)
    this.#skipped += over
  }

  /** The lines from a position on, counted from the first line ever. */
  from(position: number): { readonly lines: readonly string[]; readonly next: number } {
    const next = this.#skipped + this.#lines.length
    return { lines: this.#lines.slice(Math.max(0, position - this.#skipped)), next }
  }
}
