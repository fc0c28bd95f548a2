import type { EventRecord } from '#shared/vocabulary.ts'

/** The events that are in view: the newest and the oldest of them. */
export interface Seen {
  readonly newest: EventRecord
  readonly oldest: EventRecord
}

/** Carries what is in view from the list to the scrubber, past the page: scrolling draws only what shows it. */
export class SeenRange {
  readonly #listeners = new Set<() => void>()
  #seen: Seen | null = null

  get seen(): Seen | null {
    return this.#seen
  }

  show(seen: Seen | null): void {
    if (seen?.newest === this.#seen?.newest && seen?.oldest === this.#seen?.oldest) return
    this.#seen = seen
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
