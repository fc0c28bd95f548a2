const collectEvery = 64 * 1024 * 1024
/** Longer buffers are given back one by one (see {@link release}). */
const small = 64 * 1024

/**
 * Memory of small buffers that were used once lies outside the heap, and the engine is in no hurry to look for it. This counts
 * what was spent and has it given back in time. Without `--expose-gc`, with which the helper is started, it does nothing.
 */
export class SpentMemory {
  #bytes = 0

  /** Notes that buffers of these lengths are not needed any more. Bytes. */
  add(lengths: readonly number[]): void {
    for (const length of lengths) if (length <= small) this.#bytes += length
    if (this.#bytes >= collectEvery) this.giveBack()
  }

  /** Has everything given back that nobody holds any more, as between two stretches of work that need memory of their own. */
  giveBack(): void {
    this.#bytes = 0
    globalThis.gc?.({ type: 'major', execution: 'sync' })
  }
}
