import { ConsoleError } from '#shared/problem.ts'

/** Helpers that work at the same time, and requests that wait for one (docs/queues.md). */
const atOnce = 2
const mostWaiting = 8

/** Lets only so many helpers work at the same time; further ones wait in order. */
export class HelperSlots {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Rejects with `release-busy` when too many wait. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= mostWaiting) throw busy()
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}

function busy(): ConsoleError {
  return new ConsoleError(
    'release-busy',
    `${atOnce + mostWaiting} things are being done with releases already.`,
    'Wait until some of them have ended, then try again.',
    { retryable: true },
  )
}
