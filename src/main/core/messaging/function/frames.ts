/** What one end says to the other: a head in JSON, and the bytes that it speaks of. */
export interface Frame<Head> {
  readonly head: Head
  readonly body: Buffer
}

/** Two lengths of four bytes each: of the head, and of the body. */
const prefix = 8

/** A frame as it is sent. */
export function frameOf(head: object, parts: readonly Uint8Array[] = []): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const lengths = Buffer.allocUnsafe(prefix)
  lengths.writeUInt32BE(text.length, 0)
  lengths.writeUInt32BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    4,
  )
  return Buffer.concat([lengths, text, ...parts])
}

/** Puts frames together from what comes in. The heads are those that the other end is known to send. */
export class FrameReader<Head> {
  readonly #most: number
  readonly #onFrame: (frame: Frame<Head>) => void
  #chunks: Buffer[] = []
  #bytes = 0
  /** Of the frame that is awaited; null until its lengths are there. */
  #wanted: number | null = null

  /** A frame of more than `most` bytes is refused. */
  constructor(most: number, onFrame: (frame: Frame<Head>) => void) {
    this.#most = most
    this.#onFrame = onFrame
  }

  /** Throws what is wrong with it: the end of a sentence. */
  take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    for (;;) {
      if (this.#wanted === null) {
        if (this.#bytes < prefix) return
        const all = this.#joined()
        this.#wanted = prefix + all.readUInt32BE(0) + all.readUInt32BE(4)
        if (this.#wanted > this.#most) throw new Error(`it said more than ${this.#most} bytes at once`)
      }
      if (this.#bytes < this.#wanted) return
      const all = this.#joined()
      const frame = all.subarray(0, this.#wanted)
      const rest = all.subarray(this.#wanted)
      this.#chunks = rest.length === 0 ? [] : [rest]
      this.#bytes = rest.length
      this.#wanted = null
      const bodyAt = prefix + frame.readUInt32BE(0)
      this.#onFrame({ head: JSON.parse(frame.toString('utf8', prefix, bodyAt)), body: frame.subarray(bodyAt) })
    }
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    if (first !== undefined && this.#chunks.length === 1) return first
    const all = Buffer.concat(this.#chunks)
    this.#chunks = [all]
    return all
  }
}
