/** A queue that drops its oldest item when full and counts what it dropped. */
export class BoundedQueue<T> {
  readonly #most: number
  #items: T[] = []
  #skipped = 0

  constructor(most: number) {
    this.#most = most
  }

  push(item: T): void {
    this.#items.push(item)
    // Cut in halves, so that a flood costs one copy per `most / 2` items and not one per item.
    if (this.#items.length >= this.#most * 1.5) this.#cut()
  }

  /** Everything that waits, and how many were dropped since the last call; undefined when there is neither. */
  take(): { readonly items: readonly T[]; readonly skipped: number } | undefined {
    this.#cut()
    if (this.#items.length === 0 && this.#skipped === 0) return undefined
    const taken = { items: this.#items, skipped: this.#skipped }
    this.#items = []
    this.#skipped = 0
    return taken
  }

  #cut(): void {
    const over = this.#items.length - this.#most
    if (over <= 0) return
    this.#items = this.#items.slice(over)
    this.#skipped += over
  }
}
