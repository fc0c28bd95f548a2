import type { Clock } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'

/** Answers of one kind that are waited for, by the number of what was asked. Each comes, is refused, or is given up after a while. */
export class Answers<T> {
  readonly #clock: Clock
  readonly #waiting = new Map<number, PromiseWithResolvers<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits for the answer to `id`; rejects with `router-silent`, which says `tooLate`, when there is none in time. */
  async wait(id: number, withinMs: number, tooLate: string): Promise<T> {
    const answer = Promise.withResolvers<T>()
    this.#waiting.set(id, answer)
    const patience = this.#clock.after(withinMs, () =>
      answer.reject(
        new ConsoleError('router-silent', tooLate, 'Try again; look at the router on Overview if it goes on.', {
          retryable: true,
        }),
      ),
    )
    try {
      return await answer.promise
    } finally {
      patience[Symbol.dispose]()
      this.#waiting.delete(id)
    }
  }

  give(id: number, answer: T): void {
    this.#waiting.get(id)?.resolve(answer)
  }

  /** Gives the same answer to everything that was asked up to `id`. */
  giveThrough(id: number, answer: T): void {
    for (const [asked, waiting] of this.#waiting) if (asked <= id) waiting.resolve(answer)
  }

  refuse(id: number, error: ConsoleError): void {
    this.#waiting.get(id)?.reject(error)
  }

  refuseAll(error: ConsoleError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
  }
}
