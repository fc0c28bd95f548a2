/** A sentence is said again after this long, and at most so many in that time. */
const againMs = 60_000
const mostSaid = 20

/**
 * Keeps a log readable while clients try the same again and again: each sentence once a minute, twenty sentences a minute, and of the rest how
 * many there were. Times are monotonic milliseconds.
 */
export class Sayings {
  readonly #say: (sentence: string) => void
  readonly #said = new Set<string>()
  #since = -Infinity
  #unsaid = 0

  constructor(say: (sentence: string) => void) {
    this.#say = say
  }

  /** Says a sentence unless it was said lately. */
  say(sentence: string, now: number): void {
    this.settle(now)
    if (this.#said.has(sentence) || this.#said.size >= mostSaid) {
      this.#unsaid++
      return
    }
    this.#said.add(sentence)
    this.#say(sentence)
  }

  /** Tells how many were not said, once a minute has gone by. */
  settle(now: number): void {
    if (now - this.#since < againMs) return
    const unsaid = this.#unsaid
    this.#since = now
    this.#unsaid = 0
    this.#said.clear()
    if (unsaid > 0) this.#say(`${unsaid} more refusals like the ones before are not listed.`)
  }
}
