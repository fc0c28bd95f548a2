/** Bounds of the histogram: half a power of two each, the first ends at a quarter of a microsecond times the root of two. */
const buckets = 64
const firstUs = 0.25

/** When so many were measured, all count half: what is shown tells of the newest few thousand. */
const mostMeasured = 2_048

/** How long something took, as a small histogram: mean, and a bound that 99 of 100 kept. The older a measurement the less it weighs. */
export class TimeSpent {
  #counts: Uint32Array | null = null
  #measured = 0
  #sumUs = 0

  /** Takes one measurement, in milliseconds. */
  add(ms: number): void {
    const us = ms * 1_000
    this.#counts ??= new Uint32Array(buckets)
    const bucket = us <= firstUs ? 0 : Math.min(buckets - 1, Math.floor(2 * Math.log2(us / firstUs)))
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#measured++
    this.#sumUs += us
    if (this.#measured >= mostMeasured) this.#halve(this.#counts)
  }

  /** Microseconds; null before anything was measured. */
  get meanUs(): number | null {
    return this.#measured === 0 ? null : roundedUs(this.#sumUs / this.#measured)
  }

  /** 99 of 100 took less, in microseconds; up to 41 % more than what they took. Null before anything was measured. */
  get p99Us(): number | null {
    if (this.#counts === null) return null
    const enough = this.#measured * 0.99
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (seen >= enough) return roundedUs(firstUs * 2 ** ((bucket + 1) / 2))
    }
    return null
  }

  #halve(counts: Uint32Array): void {
    let measured = 0
    for (const [bucket, count] of counts.entries()) {
      const half = count >>> 1
      counts[bucket] = half
      measured += half
    }
    this.#sumUs *= measured / this.#measured
    this.#measured = measured
  }
}

/** More figures would be noise. */
function roundedUs(us: number): number {
  return us >= 100 ? Math.round(us) : Math.round(us * 10) / 10
}
