/** Bounds of a chunk in bytes; `average` is a power of two. */
export interface ChunkSizes {
  readonly min: number
  readonly average: number
  readonly max: number
}

const KiB = 1024

/** For ordinary files: few chunks, so that large files cost little to list. */
export const fileChunks: ChunkSizes = { min: 512 * KiB, average: 1024 * KiB, max: 8192 * KiB }

/** For databases, where single pages change here and there: smaller chunks store fewer new bytes. */
export const databaseChunks: ChunkSizes = { min: 32 * KiB, average: 128 * KiB, max: 512 * KiB }

/**
 * Finds where a chunk ends from its content alone, so that the same bytes give the same chunks wherever they lie in a file.
 * FastCDC with a 32-bit gear hash: from `min` bytes on, a cut where the top bits of the hash are zero; two bits more than
 * the average asks for before the average length, two fewer after it, so that lengths gather around the average.
 */
export class Chunker {
  readonly #gear: Int32Array

  /** `gear`: the table of the repository that the chunks are for. */
  constructor(gear: Int32Array) {
    this.#gear = gear
  }

  /**
   * Length of the chunk that starts at `start`. `end` is where the known bytes end: at least `max` bytes after `start`, or
   * the end of the file.
   */
  cut(bytes: Uint8Array, start: number, end: number, sizes: ChunkSizes): number {
    const available = end - start
    if (available <= sizes.min) return available
    const bits = 31 - Math.clz32(sizes.average)
    const stop = start + Math.min(available, sizes.max)
    const middle = Math.min(stop, start + sizes.average)
    // The hash forgets a byte after 32 steps, so it is warmed up on the bytes before the first possible cut.
    const first = start + sizes.min
    const gear = this.#gear
    let hash = 0
    let at = first - 32
    for (; at < first; at++) hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0
    const rare = topBits(bits + 2)
    for (; at < middle; at++) {
      hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0
      if ((hash & rare) === 0) return at + 1 - start
    }
    const frequent = topBits(bits - 2)
    for (; at < stop; at++) {
      hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0
      if ((hash & frequent) === 0) return at + 1 - start
    }
    return stop - start
  }
}

function topBits(count: number): number {
  return -1 << (32 - count)
}
