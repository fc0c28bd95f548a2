/** How full the way out may become before reading stops, and how empty it must be before it goes on. */
const stopAt = 0.75
const goOnAt = 0.5

/**
 * How long reading stops while the way out makes no progress. Longer would stop the broker's other clients too, and in the end cost the
 * connection; from then on what finds no room is dropped, and counted.
 */
const patienceMs = 2_000

/**
 * Holds back the messages that come in while the store is behind: the broker then slows its publishers down, and nothing is lost as long
 * as the store gets on.
 */
export class Intake {
  readonly #fullness: () => number
  #held: (() => void) | undefined
  #patience: NodeJS.Timeout | undefined
  #givenUp = false

  constructor(fullness: () => number) {
    this.#fullness = fullness
  }

  /** Calls `next` when the next message may come. */
  gate(next: () => void): void {
    if (this.#givenUp || this.#fullness() < stopAt) {
      next()
      return
    }
    this.#held = next
    this.#patience = setTimeout(() => {
      this.#givenUp = true
      this.#release()
    }, patienceMs)
  }

  /** The way out has got on. */
  progress(): void {
    if (this.#fullness() < goOnAt) {
      this.#givenUp = false
      this.#release()
    } else {
      this.#patience?.refresh()
    }
  }

  /** Lets go: the connection is gone. */
  close(): void {
    this.#release()
  }

  #release(): void {
    clearTimeout(this.#patience)
    this.#patience = undefined
    const next = this.#held
    this.#held = undefined
    next?.()
  }
}
