/** Looks that are kept, and how long ago a look must be so that a rate can be told from it, in milliseconds. */
const looksKept = 13
const leastMs = 4_000

/** Messages a second, and bytes. */
export interface Growth {
  readonly rows: number
  readonly bytes: number
}

interface Look extends Growth {
  /** Monotonic milliseconds. */
  readonly at: number
  readonly leftRows: number
  readonly leftBytes: number
  readonly delivered: number
}

/** What comes into one lane and leaves it: how fast it grows. What gives way to a newer one of its key never came, as far as that goes. */
export class LaneFlow {
  #rows = 0
  #bytes = 0
  #leftRows = 0
  #leftBytes = 0
  #delivered = 0
  #looks: Look[] = []

  came(bytes: number): void {
    this.#rows++
    this.#bytes += bytes
  }

  gaveWay(bytes: number): void {
    this.#rows--
    this.#bytes -= bytes
  }

  left(bytes: number, isDelivered: boolean): void {
    this.#leftRows++
    this.#leftBytes += bytes
    if (isDelivered) this.#delivered++
  }

  /** To be called now and then: rates are told from looks of the last minute when that is every five seconds. */
  look(at: number): void {
    this.#looks.push(this.#now(at))
    if (this.#looks.length > looksKept) this.#looks.shift()
  }

  /**
   * How fast it grows; null when that is not known yet. Of a lane that has delivered nothing since the last look everything that comes stays,
   * whatever left before; of another the difference counts, and one that shrinks does not grow.
   */
  growth(at: number): Growth | null {
    const [first] = this.#looks
    const last = this.#looks.findLast((look) => at - look.at >= leastMs)
    if (!first || !last || at - first.at < leastMs) return null
    const now = this.#now(at)
    const seconds = (at - first.at) / 1_000
    const leaves = now.delivered > last.delivered ? 1 : 0
    const rows = now.rows - first.rows - leaves * (now.leftRows - first.leftRows)
    const bytes = now.bytes - first.bytes - leaves * (now.leftBytes - first.leftBytes)
    return { rows: Math.max(0, rows) / seconds, bytes: Math.max(0, bytes) / seconds }
  }

  #now(at: number): Look {
    return {
      at,
      rows: this.#rows,
      bytes: this.#bytes,
      leftRows: this.#leftRows,
      leftBytes: this.#leftBytes,
      delivered: this.#delivered,
    }
  }
}
