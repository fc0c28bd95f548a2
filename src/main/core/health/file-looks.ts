import { stat } from 'node:fs/promises'
import { type Clock, inTime } from '#core/platform/index.ts'

/** What is asked about a file. */
export interface FileFacts {
  readonly mtimeMs: number
}

/** What a look found, or why it found nothing in time, as it follows what was looked at: "did not answer in 2 s". */
export type Looked = { readonly found: FileFacts } | { readonly late: string }

export interface FileLooksParts {
  readonly clock: Clock
  /** The mount that a path is on, told without asking that mount. */
  readonly mountOf: (path: string) => string
  /** Asks the system about a path. A folder of a network that is gone keeps whoever asks waiting for as long as it likes. */
  readonly stat?: (path: string) => Promise<FileFacts>
}

/**
 * So many looks are under way at once. Each holds one of the four threads on which everything else of the console that reads or writes
 * files goes as well, for as long as the file system does not answer.
 */
export const mostLooks = 2

interface Look {
  readonly path: string
  readonly mount: string
  readonly ended: PromiseWithResolvers<{ readonly found: FileFacts } | { readonly error: unknown }>
  /** When it was begun, monotonic milliseconds; null while it waits for its turn. */
  begun: number | null
  waiting: number
}

/**
 * Looks at files for probes and checks of a whole site: one at a time at the same path, one at a time on the same mount, and few in all. What
 * has not answered in time is answered for as late, without being asked again, until it does answer.
 */
export class FileLooks implements Disposable {
  readonly #parts: FileLooksParts
  readonly #looks = new Map<string, Look>()
  readonly #disposed = new AbortController()

  constructor(parts: FileLooksParts) {
    this.#parts = parts
  }

  /** Looks at a file. Rejects as `stat` does. */
  async look(
    path: string,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Looked> {
    const { clock } = this.#parts
    const look = this.#looks.get(path) ?? this.#added(path)
    const under = look.begun === null ? 0 : clock.monotonic() - look.begun
    if (under >= timeoutMs) return { late: this.#lateness(look, under) }
    const late = Promise.withResolvers<null>()
    using _timer = clock.after(timeoutMs, () => late.resolve(null))
    const stop = () => late.resolve(null)
    const ends = [signal, this.#disposed.signal]
    for (const end of ends) end.addEventListener('abort', stop, { once: true })
    if (ends.some(({ aborted }) => aborted)) stop()
    look.waiting++
    try {
      const answer = await Promise.race([look.ended.promise, late.promise])
      if (answer === null) return { late: this.#lateness(look, timeoutMs) }
      if ('error' in answer) throw answer.error
      return answer
    } finally {
      for (const end of ends) end.removeEventListener('abort', stop)
      look.waiting--
      // Nobody waits for it and it has not begun: it is not to be asked later for nothing.
      if (look.waiting === 0 && look.begun === null) this.#looks.delete(path)
    }
  }

  /** Ends the waiting; what the system is asked already cannot be taken back. */
  [Symbol.dispose](): void {
    this.#disposed.abort()
  }

  #added(path: string): Look {
    const look: Look = {
      path,
      mount: this.#parts.mountOf(path),
      ended: Promise.withResolvers(),
      begun: null,
      waiting: 0,
    }
    this.#looks.set(path, look)
    this.#beginNext()
    return look
  }

  #beginNext(): void {
    for (const look of this.#looks.values()) {
      if (look.begun === null && this.#inTheWayOf(look).length === 0) void this.#begin(look)
    }
  }

  async #begin(look: Look): Promise<void> {
    const { clock, stat: ask = stat } = this.#parts
    look.begun = clock.monotonic()
    try {
      look.ended.resolve({ found: await ask(look.path) })
    } catch (error) {
      look.ended.resolve({ error })
    }
    this.#looks.delete(look.path)
    if (!this.#disposed.signal.aborted) this.#beginNext()
  }

  /** The looks that have to end before this one begins. */
  #inTheWayOf({ mount }: Look): readonly Look[] {
    const under = [...this.#looks.values()].filter(({ begun }) => begun !== null)
    if (under.length >= mostLooks) return under
    return under.filter((other) => other.mount === mount)
  }

  #lateness(look: Look, ms: number): string {
    const question = 'a network mount that does not answer?'
    if (look.begun !== null) return `did not answer in ${inTime(ms)}; ${question}`
    const others = this.#inTheWayOf(look).map(({ path }) => path)
    return `could not be looked at within ${inTime(ms)}, because ${others.join(' and ')} did not answer; ${question}`
  }
}
