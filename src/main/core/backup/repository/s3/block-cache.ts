/** Bytes asked for at once, and blocks that are kept: 64 MiB at most. */
const blockLength = 4 * 1024 * 1024
const blockBound = 16

type Fetch = (key: string, offset: number, length: number) => Promise<Buffer | undefined>

/**
 * Parts of files that never change, kept for a while. Pieces of one folder or file lie side by side in a pack, so that a block
 * of 4 MiB spares hundreds of requests. The block used longest ago goes first.
 */
export class BlockCache {
  readonly #blocks = new Map<string, Promise<Buffer | undefined>>()
  readonly #fetch: Fetch

  constructor(fetch: Fetch) {
    this.#fetch = fetch
  }

  /** Undefined when the file is not there; fewer bytes when it ends before. */
  async read(key: string, offset: number, length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = []
    for (let at = offset; at < offset + length; ) {
      const start = Math.floor(at / blockLength) * blockLength
      const block = await this.#block(key, start)
      if (!block) return undefined
      const part = block.subarray(at - start, Math.min(blockLength, offset + length - start))
      parts.push(part)
      at = start + blockLength
      if (block.length < blockLength) break
    }
    const [only] = parts
    return parts.length === 1 && only ? only : Buffer.concat(parts)
  }

  /** A file that was written or removed is asked for anew. */
  forget(key: string): void {
    for (const name of this.#blocks.keys()) if (name.startsWith(`${key} `)) this.#blocks.delete(name)
  }

  #block(key: string, start: number): Promise<Buffer | undefined> {
    const name = `${key} ${start}`
    const known = this.#blocks.get(name)
    this.#blocks.delete(name)
    const block = known ?? this.#fetch(key, start, blockLength)
    this.#blocks.set(name, block)
    // A request that failed, or found nothing, is made again the next time.
    block.then(
      (bytes) => bytes ?? this.#drop(name, block),
      () => this.#drop(name, block),
    )
    if (this.#blocks.size > blockBound) {
      const [oldest = ''] = this.#blocks.keys()
      this.#blocks.delete(oldest)
    }
    return block
  }

  #drop(name: string, block: Promise<Buffer | undefined>): void {
    if (this.#blocks.get(name) === block) this.#blocks.delete(name)
  }
}
