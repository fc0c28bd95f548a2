import type { Clock, Logger } from '#core/platform/index.ts'

/**
 * A reading that may take long, fail or never come back (a dead network disk holds `statfs` for ever): asked for in the
 * background, at most once at a time and at most every `everyMs`. What it last said is at hand without waiting; a reading
 * that failed, or is overdue by more than two turns, is not passed off as current.
 */
export class SlowSensor<T> {
  readonly #options: SlowSensorOptions<T>
  #value: T | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #reading = false
  #failing = false

  constructor(options: SlowSensorOptions<T>) {
    this.#options = options
  }

  /** The last reading, or undefined while there is none that can be believed. */
  get value(): T | undefined {
    const age = this.#options.clock.monotonic() - this.#readAt
    return age <= 3 * this.#options.everyMs ? this.#value : undefined
  }

  /** Starts a reading when one is due. Never throws, never waits. */
  refresh(): void {
    const now = this.#options.clock.monotonic()
    if (this.#reading || now - this.#askedAt < this.#options.everyMs) return
    this.#reading = true
    this.#askedAt = now
    void this.#read()
  }

  async #read(): Promise<void> {
    const { name, clock, logger, read } = this.#options
    try {
      this.#value = await read()
      this.#readAt = clock.monotonic()
      this.#failing = false
    } catch (error) {
      this.#value = undefined
      // Told once, not every few seconds for as long as it lasts.
      if (!this.#failing) logger.warn(`The machine's ${name} cannot be read.`, { reason: String(error) })
      this.#failing = true
    } finally {
      this.#reading = false
    }
  }
}

export interface SlowSensorOptions<T> {
  /** For the log: "disk". */
  readonly name: string
  readonly everyMs: number
  readonly clock: Clock
  readonly logger: Logger
  read(): Promise<T>
}
