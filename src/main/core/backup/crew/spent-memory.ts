const collectEvery = 32 * 1024 * 1024

/**
 * Memory of buffers that were used once lies outside the heap, and the engine is in no hurry to look for it: each thread
 * would keep some 64 MB of them. This counts what was spent and has it given back in time. Without `--expose-gc`, with
 * which the helper is started, it does nothing.
 */
export class SpentMemory {
  #bytes = 0

  /** Notes that buffers of so many bytes are not needed any more. */
  add(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < collectEvery) return
    this.#bytes = 0
    globalThis.gc?.({ type: 'major', execution: 'sync' })
  }
}
