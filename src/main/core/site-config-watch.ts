import { stat } from 'node:fs/promises'
import type { Clock, Logger } from './platform/index.ts'

export interface ConfigWatchOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Absolute paths of the files that are looked at. */
  readonly files: () => readonly string[]
  /** Told once they have changed and settled. False: not now, so it is told again after the next look. */
  readonly onChange: () => Promise<boolean>
}

/** How often the files are looked at. Looking works on every file system, network shares included, and costs a stat each. */
const lookMs = 1_000

/**
 * Sees that the files of a configuration changed. A file that is being written is not read: it counts as changed when two looks in a row
 * find it the same.
 */
export class ConfigWatch implements AsyncDisposable {
  readonly #options: ConfigWatchOptions
  #known: string | null = null
  #last: string | null = null
  #timer: Disposable | undefined
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: ConfigWatchOptions) {
    this.#options = options
  }

  /** Looks from now on. */
  begin(): void {
    this.#timer ??= this.#next()
  }

  /** How the files stand now; to be taken before they are read, and given to {@link accept} afterwards. */
  async stamp(): Promise<string> {
    const stamps: string[] = []
    for (const file of this.#options.files()) {
      const found = await stat(file).catch(() => null)
      stamps.push(found ? `${file} ${found.ino} ${found.size} ${found.mtimeMs}` : `${file} missing`)
    }
    return stamps.join('\n')
  }

  /** What was read stood like this: only what changes from here on is a change. */
  accept(stamp: string): void {
    this.#known = stamp
    this.#last = stamp
  }

  /** Resolves when the look that is under way has ended. */
  settled(): Promise<void> {
    return this.#looking
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    await this.#looking
  }

  #next(): Disposable {
    return this.#options.clock.after(lookMs, () => {
      this.#looking = this.#look().finally(() => {
        if (!this.#closed) this.#timer = this.#next()
      })
    })
  }

  async #look(): Promise<void> {
    try {
      const now = await this.stamp()
      const settled = now === this.#last
      this.#last = now
      if (this.#closed || now === this.#known || !settled) return
      if (await this.#options.onChange()) this.#known = now
    } catch (error) {
      this.#options.logger.warn('A change of the configuration could not be taken over.', { error: String(error) })
      this.#known = this.#last
    }
  }
}
