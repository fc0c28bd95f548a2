import type { DirectReply, Statement } from '#core/store/index.ts'
import type { StorePort } from '../store-line.ts'

/** Rows of one batch, and the bytes of payload that close it earlier. */
const batchRows = 500
const batchBytes = 1024 * 1024

/** Batches that are with the writer at a time: one is being committed while the next is gathered. */
const batchesInFlight = 2

/** What may wait for the writer: beyond it nothing is taken that its sender can be made to keep. */
const mostRows = 10_000
const mostBytes = 32 * 1024 * 1024

/** Times that the writer may refuse a batch as faulty, and the pause before it is asked again. */
const mostTries = 3
const retryMs = 1_000

/** What is written: its place is given as it is sent. */
export interface LineRow {
  seq: number
  /** Of its payload. */
  readonly bytes: number
}

export interface OutboxLineHooks<Row> {
  /** Safe on the disk, in the order in which they were pushed. */
  committed(rows: readonly Row[]): void
  /** The writer will never take them. */
  refused(rows: readonly Row[], reason: string): void
  /** A batch was written: what its statements have read. */
  read?(rows: DirectReply['rows']): void
  /** Told after each of these, and when the writer could not write at present (`reason`). */
  answered(reason: string | null): void
}

interface Batch<Row> {
  readonly number: number
  readonly rows: Row[]
  bytes: number
  tries: number
  state: 'sent' | 'committed' | 'refused'
  reason: string
}

/**
 * Rows on their way to the disk, committed in the order in which they were pushed: what the writer has answered counts only when
 * everything before it is safe as well. What it could not write is written again; a row that had been written then stays one row.
 */
export class OutboxLine<Row extends LineRow> implements Disposable {
  readonly #port: StorePort
  readonly #insert: (rows: readonly Row[]) => readonly Statement[]
  readonly #hooks: OutboxLineHooks<Row>
  readonly #waiting: Batch<Row>[] = []
  readonly #sent: Batch<Row>[] = []
  /** Sent, not written, and to be written again after the pause. */
  readonly #faulty = new Set<Batch<Row>>()
  /** Batches that were given up, as long as somebody may ask. */
  readonly #refused = new Set<number>()
  #nextSeq: number | null = null
  #last = 0
  #through = 0
  #rows = 0
  #bytes = 0
  #pushed = 0
  #scheduled: NodeJS.Immediate | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(port: StorePort, insert: (rows: readonly Row[]) => readonly Statement[], hooks: OutboxLineHooks<Row>) {
    this.#port = port
    this.#insert = insert
    this.#hooks = hooks
    port.add(() => this.#schedule())
  }

  /** Rows ever pushed, and the number of the batch that the last one went into. */
  get pushed(): number {
    return this.#pushed
  }
  get mark(): number {
    return this.#last
  }

  /** Rows that are not safe yet. */
  get pending(): number {
    return this.#rows
  }

  /** How much of the bound is used, 0 to 1 and beyond. */
  get fullness(): number {
    return Math.max(this.#rows / mostRows, this.#bytes / mostBytes)
  }

  isThrough(mark: number): boolean {
    return this.#through >= mark
  }

  /** Whether a batch that is through was given up. */
  wasRefused(mark: number): boolean {
    return this.#refused.has(mark)
  }

  /** Lets it begin, with places from here on. */
  begin(firstSeq: number): void {
    this.#nextSeq = Math.max(firstSeq, this.#nextSeq ?? 0)
    this.#schedule()
  }

  push(row: Row): void {
    let batch = this.#waiting.at(-1)
    if (!batch || batch.rows.length >= batchRows || batch.bytes >= batchBytes) {
      batch = { number: ++this.#last, rows: [], bytes: 0, tries: 0, state: 'sent', reason: '' }
      this.#waiting.push(batch)
    }
    batch.rows.push(row)
    batch.bytes += row.bytes
    this.#rows++
    this.#bytes += row.bytes
    this.#pushed++
    this.#schedule()
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#scheduled)
    clearTimeout(this.#retry)
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#send()
    })
  }

  #send(): void {
    while (this.#nextSeq !== null && this.#port.connected && this.#sent.length < batchesInFlight) {
      const batch = this.#waiting.shift()
      if (!batch) return
      for (const row of batch.rows) row.seq = this.#nextSeq++
      this.#sent.push(batch)
      this.#write(batch)
    }
  }

  #write(batch: Batch<Row>): void {
    this.#port.write(
      this.#insert(batch.rows),
      (error, retryable, rows) => {
        if (error === null) {
          batch.state = 'committed'
          this.#hooks.read?.(rows)
        } else if (!retryable && ++batch.tries >= mostTries) {
          batch.state = 'refused'
          batch.reason = error
        } else this.#again(batch)
        this.#apply()
        this.#hooks.answered(error)
        this.#send()
      },
      'outbox',
    )
  }

  /** Nothing behind it counts until it is written. */
  #again(batch: Batch<Row>): void {
    this.#faulty.add(batch)
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      const again = [...this.#faulty]
      this.#faulty.clear()
      for (const one of again) this.#write(one)
    }, retryMs)
  }

  #apply(): void {
    for (let head = this.#sent[0]; head && head.state !== 'sent'; head = this.#sent[0]) {
      this.#sent.shift()
      this.#rows -= head.rows.length
      this.#bytes -= head.bytes
      this.#through = head.number
      if (head.state === 'committed') {
        this.#hooks.committed(head.rows)
        continue
      }
      this.#refused.add(head.number)
      const [oldest] = this.#refused
      if (this.#refused.size > 1_000 && oldest !== undefined) this.#refused.delete(oldest)
      this.#hooks.refused(head.rows, head.reason)
    }
  }
}
