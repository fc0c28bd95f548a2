/** Keeps what was used last, up to a bound on the sum of its sizes. What is alone larger than that is not kept. */
export class Recent<V> {
  readonly #bound: number
  /** The one used longest ago first. */
  readonly #kept = new Map<string, { readonly value: V; readonly size: number }>()
  #size = 0

  constructor(bound: number) {
    this.#bound = bound
  }

  get(key: string): V | undefined {
    const found = this.#kept.get(key)
    if (!found) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, found)
    return found.value
  }

  set(key: string, value: V, size: number): void {
    if (size > this.#bound || this.#kept.has(key)) return
    this.#kept.set(key, { value, size })
    this.#size += size
    for (const [oldest, { size: freed }] of this.#kept) {
      if (this.#size <= this.#bound) return
      this.#kept.delete(oldest)
      this.#size -= freed
    }
  }
}
