/** The last 1,000 durations, in milliseconds. */
export class LatencyWindow {
  readonly #values: number[] = []
  #next = 0
  #count = 0

  add(ms: number): void {
    this.#values[this.#next] = ms
    this.#next = (this.#next + 1) % 1_000
    this.#count++
  }

  summary(): { readonly p50: number; readonly p99: number; readonly count: number } {
    const sorted = [...this.#values].sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return { p50: at(0.5), p99: at(0.99), count: this.#count }
  }
}
