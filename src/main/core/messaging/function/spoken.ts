import { Console } from 'node:console'
import { Writable } from 'node:stream'

/** Lines that are passed on within a span, milliseconds, and the characters of each. */
const most = { lines: 20, spanMs: 10_000, characters: 500 } as const

/** A console for a function: a few of its lines are passed on, the others counted. What it writes costs nobody else anything. */
export class Spoken {
  readonly console: Console
  readonly #say: (lines: readonly string[], more: number) => void
  #lines: string[] = []
  #left: number = most.lines
  #more = 0
  #span: NodeJS.Timeout | undefined
  #telling = false

  constructor(say: (lines: readonly string[], more: number) => void) {
    this.#say = say
    const stream = new Writable({
      decodeStrings: false,
      write: (text: string | Buffer, _encoding, done) => {
        this.#take(String(text))
        done()
      },
    })
    this.console = new Console({ stdout: stream, stderr: stream, inspectOptions: { breakLength: Infinity } })
  }

  #take(text: string): void {
    if (this.#left <= 0) {
      this.#more++
      return
    }
    this.#left--
    const line = text.trimEnd().replaceAll(/\s*\n\s*/g, ' ')
    this.#lines.push(line.length > most.characters ? `${line.slice(0, most.characters)}…` : line)
    this.#span ??= setTimeout(() => this.#next(), most.spanMs).unref()
    if (this.#telling) return
    this.#telling = true
    setImmediate(() => this.#tell())
  }

  #next(): void {
    this.#span = undefined
    this.#left = most.lines
    if (this.#more > 0) this.#tell()
  }

  #tell(): void {
    this.#telling = false
    this.#say(this.#lines, this.#more)
    this.#lines = []
    this.#more = 0
  }
}
