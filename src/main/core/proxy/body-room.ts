/** Memory for requests that are kept until they need not be sent again: one bound for all callers. */
export class BodyRoom {
  readonly #most: number
  #taken = 0

  constructor(mostBytes: number) {
    this.#most = mostBytes
  }

  get taken(): number {
    return this.#taken
  }

  /** Takes so many bytes; null when there is no room for them now. */
  take(bytes: number): Disposable | null {
    if (this.#taken + bytes > this.#most) return null
    this.#taken += bytes
    let given = false
    return {
      [Symbol.dispose]: () => {
        if (!given) this.#taken -= bytes
        given = true
      },
    }
  }
}
