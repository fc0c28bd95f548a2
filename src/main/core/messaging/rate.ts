/** Events a second over about the last second, from a counter that is looked at now and then. */
export class Rate {
  #window: { readonly at: number; readonly count: number }[] = []

  /** When it was last looked at; null: it was not, or rests. */
  get lastAt(): number | null {
    return this.#window.at(-1)?.at ?? null
  }

  /** Nothing has been counted for a second, and it is not looked at until the counter moves. */
  rest(): void {
    this.#window = []
  }

  /** The counter has stood at this until now. */
  wake(count: number, at: number): void {
    this.#window = [{ at: at - 1_000, count }]
  }

  /** Takes the counter at a time of the monotonic clock, and gives the rate since about a second before. */
  observe(count: number, at: number): number {
    this.#window.push({ at, count })
    while (this.#window.length > 2 && (this.#window[1]?.at ?? at) <= at - 1_000) this.#window.shift()
    const first = this.#window[0]
    if (!first || at <= first.at) return 0
    return Math.max(0, Math.round(((count - first.count) * 10_000) / (at - first.at)) / 10)
  }
}
