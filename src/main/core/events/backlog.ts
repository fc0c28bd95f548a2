import type { EventRecord } from '#shared/vocabulary.ts'

export type UnwrittenEvent = Omit<EventRecord, 'seq'>

/** How many events are held back while the store takes none, and their size together. See docs/queues.md. */
export const backlogBound = { events: 10_000, bytes: 16 * 1024 * 1024 } as const

/** Events that found no place. */
export interface LostEvents {
  readonly count: number
  /** Wall-clock times of the first and the last of them. */
  readonly from: number
  readonly to: number
}

/** Events that could not be written yet, in the order in which they happened. What does not fit is counted. */
export class Backlog {
  #held: { readonly turn: number; readonly event: UnwrittenEvent; readonly bytes: number }[] = []
  #bytes = 0
  #lost: LostEvents | null = null
  /** The last turn that was taken out. */
  #taken = 0

  get size(): number {
    return this.#held.length
  }

  /**
   * Holds an event back, at its place: `turn` grows from event to event. False when there is no room; it is counted then. One that was
   * taken out has room.
   */
  hold(turn: number, event: UnwrittenEvent): boolean {
    const bytes = JSON.stringify(event).length
    const full = this.#held.length >= backlogBound.events || this.#bytes + bytes > backlogBound.bytes
    if (full && turn > this.#taken) {
      this.#lost = {
        count: (this.#lost?.count ?? 0) + 1,
        from: this.#lost?.from ?? event.at,
        to: event.at,
      }
      return false
    }
    let place = this.#held.length
    while (place > 0 && (this.#held[place - 1]?.turn ?? 0) > turn) place--
    this.#held.splice(place, 0, { turn, event, bytes })
    this.#bytes += bytes
    return true
  }

  /** Takes the oldest out. */
  take(most: number): readonly { readonly turn: number; readonly event: UnwrittenEvent }[] {
    const taken = this.#held.splice(0, most)
    for (const { turn, bytes } of taken) {
      this.#bytes -= bytes
      this.#taken = turn
    }
    return taken
  }

  /** What was lost since it was last asked for. */
  takeLost(): LostEvents | null {
    const lost = this.#lost
    this.#lost = null
    return lost
  }
}
