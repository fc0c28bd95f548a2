/** Events a second over about the last second, from a counter that is looked at now and then. */
export class Rate {
  readonly #window: { readonly at: number; readonly count: number }[] = []

  /** Takes the counter at a time of the monotonic clock, and gives the rate since about a second before. */
  observe(count: number, at: number): number {
    this.#window.push({ at, count })
    while (this.#window.length > 2 && (this.#window[1]?.at ?? at) <= at - 1_000) this.#window.shift()
    const first = this.#window[0]
    if (!first || at <= first.at) return 0
    return Math.max(0, Math.round(((count - first.count) * 10_000) / (at - first.at)) / 10)
  }
}
