import type { MessagePort } from 'node:worker_threads'
import type { DirectReply, DirectWrite, RecordClass, SqlValue } from '#core/store/index.ts'
import { insertRows, type RowTable } from './tables.ts'

/** Bytes of text that close a batch before it has all its rows. */
const batchBytes = 1024 * 1024

/** How long rows wait for company before they are sent, as long as nobody waits for them. */
const lingerMs = 50

/** Times that the writer may refuse a batch before its rows are given up, and the pause between. */
const mostTries = 3
const retryMs = 1_000

/** Told what became of rows that were queued. */
export interface RowOwner {
  settle(rows: number): void
  abandon(rows: number, reason: string): void
  /** The writer refused rows; they are tried again. */
  fault(reason: string): void
}

export interface LineBounds {
  /** Rows of one batch. A batch is one commit at least, and each commit writes every page of an index anew that one of its rows is in. */
  readonly rows: number
  /** Batches that wait, and bytes of their text. */
  readonly batches: number
  readonly bytes: number
  /** Batches that are with the writer at a time. */
  readonly inFlight: number
}

interface Batch {
  readonly values: SqlValue[]
  readonly owners: Map<RowOwner, number>
  readonly number: number
  rows: number
  bytes: number
  tries: number
}

/**
 * Rows on their way to the store's writer: packed into batches, a few in flight, the rest waiting within a bound. When that is full the
 * oldest waiting batch is given up. After a crash of the writer what was in flight is sent again.
 */
export class StoreLine {
  readonly #table: RowTable
  readonly #bounds: LineBounds
  readonly #port: StorePort
  readonly #onAnswer: () => void
  readonly #recordClass: RecordClass
  #waiting: Batch[] = []
  #bytes = 0
  #open: Batch | undefined
  #inFlight = 0
  #pushed = 0
  #last = 0
  /** Batches that are neither in the store nor given up, in their order. */
  readonly #unsettled = new Set<number>()
  #linger: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined

  /** `onAnswer` is told whenever the writer has answered. */
  constructor(
    table: RowTable,
    bounds: LineBounds,
    port: StorePort,
    onAnswer: () => void = () => {},
    recordClass: RecordClass = 'journal',
  ) {
    this.#recordClass = recordClass
    this.#onAnswer = onAnswer
    this.#table = table
    this.#bounds = bounds
    this.#port = port
    port.add(() => this.#send())
  }

  /** How much of the bound is used, 0 to 1. */
  get fullness(): number {
    return Math.max(this.#waiting.length / this.#bounds.batches, this.#bytes / this.#bounds.bytes)
  }

  /** Batches that have not been given to the writer, or not been answered. */
  get pending(): number {
    return this.#inFlight + this.#waiting.length
  }

  /** Rows ever pushed, and the number of the batch that the last one went into. */
  get pushed(): number {
    return this.#pushed
  }
  get mark(): number {
    return this.#last
  }

  /** Whether that batch and all before it are in the store, or given up. */
  isThrough(mark: number): boolean {
    const [first] = this.#unsettled
    return first === undefined || first > mark
  }

  /** Queues one row; `bytes` is the size of its text. */
  push(owner: RowOwner, values: readonly SqlValue[], bytes: number): void {
    const batch = this.#open ?? this.#openBatch()
    for (const value of values) batch.values.push(value)
    batch.owners.set(owner, (batch.owners.get(owner) ?? 0) + 1)
    batch.rows++
    batch.bytes += bytes
    this.#pushed++
    this.#bytes += bytes
    if (batch.rows >= this.#bounds.rows || batch.bytes >= batchBytes) {
      this.#open = undefined
      this.#send()
    } else {
      this.#linger ??= setTimeout(() => this.flush(), lingerMs)
    }
    while (this.#bytes > this.#bounds.bytes && this.#waiting.length > 1) this.#giveUpOldest()
  }

  /** Sends what waits for company. */
  flush(): void {
    clearTimeout(this.#linger)
    this.#linger = undefined
    this.#open = undefined
    this.#send()
  }

  close(): void {
    clearTimeout(this.#linger)
    clearTimeout(this.#retry)
  }

  #openBatch(): Batch {
    if (this.#waiting.length >= this.#bounds.batches) this.#giveUpOldest()
    const batch: Batch = { number: ++this.#last, values: [], owners: new Map(), rows: 0, bytes: 0, tries: 0 }
    this.#unsettled.add(batch.number)
    this.#open = batch
    this.#waiting.push(batch)
    return batch
  }

  #send(): void {
    while (this.#port.connected && this.#retry === undefined && this.#inFlight < this.#bounds.inFlight) {
      const batch = this.#waiting[0]
      if (!batch || batch === this.#open) return
      this.#waiting.shift()
      this.#bytes -= batch.bytes
      this.#inFlight++
      this.#port.write(
        insertRows(this.#table, batch.values),
        (error, retryable) => {
          this.#inFlight--
          if (error === null) {
            this.#unsettled.delete(batch.number)
            for (const [owner, rows] of batch.owners) owner.settle(rows)
          } else this.#refused(batch, error, retryable)
          this.#send()
          this.#onAnswer()
        },
        this.#recordClass,
      )
    }
  }

  /** A disk that takes no writes is no fault of the batch: it waits for it, within the bound. */
  #refused(batch: Batch, reason: string, retryable: boolean): void {
    if (!retryable && ++batch.tries >= mostTries) {
      this.#unsettled.delete(batch.number)
      for (const [owner, rows] of batch.owners) owner.abandon(rows, reason)
      return
    }
    for (const owner of batch.owners.keys()) owner.fault(reason)
    this.#waiting.unshift(batch)
    this.#bytes += batch.bytes
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#send()
    }, retryMs)
  }

  #giveUpOldest(): void {
    const oldest = this.#waiting.shift()
    if (!oldest) return
    if (oldest === this.#open) this.#open = undefined
    this.#bytes -= oldest.bytes
    this.#unsettled.delete(oldest.number)
    for (const [owner, rows] of oldest.owners) owner.abandon(rows, 'the store could not keep up')
  }
}

/** What the writer said to a write: null, or why not and whether the same may succeed later; and what each statement read. */
type Answered = (error: string | null, retryable: boolean, rows: DirectReply['rows']) => void

/**
 * The way to the store's writer, which may be lost and given anew. What was written and not answered is written again on the next
 * port: a row may then stand twice, but none is lost.
 */
export class StorePort {
  readonly #onLost: () => void
  readonly #users: (() => void)[] = []
  readonly #unanswered = new Map<number, { write: DirectWrite; answered: Answered }>()
  #port: MessagePort | undefined
  #next = 1

  constructor(onLost: () => void) {
    this.#onLost = onLost
  }

  get connected(): boolean {
    return this.#port !== undefined
  }

  /** Tells `use` whenever there is a port again. */
  add(use: () => void): void {
    this.#users.push(use)
  }

  attach(port: MessagePort): void {
    this.#port?.removeAllListeners()
    this.#port?.close()
    this.#port = port
    port.on('message', (reply: DirectReply) => {
      const waiting = this.#unanswered.get(reply.id)
      this.#unanswered.delete(reply.id)
      waiting?.answered(reply.error, reply.retryable, reply.rows)
    })
    port.on('close', () => {
      if (this.#port !== port) return
      this.#port = undefined
      this.#onLost()
    })
    for (const { write } of this.#unanswered.values()) port.postMessage(write)
    for (const use of this.#users) use()
  }

  /**
   * Runs statements as one unit. Of the class `journal` they are safe from a crash of the console but not of the machine, of the class
   * `outbox` from both. They may read: what they read is what all earlier ones have written.
   */
  write(statements: DirectWrite['statements'], answered: Answered, recordClass: RecordClass = 'journal'): void {
    const write: DirectWrite = { id: this.#next++, recordClass, statements }
    this.#unanswered.set(write.id, { write, answered })
    this.#port?.postMessage(write)
  }

  close(): void {
    this.#port?.removeAllListeners()
    this.#port?.close()
    this.#port = undefined
  }
}
