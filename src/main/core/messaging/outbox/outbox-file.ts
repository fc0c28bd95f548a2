import { storedProperties } from '../message-properties.ts'
import type { StorePort } from '../store-line.ts'
import { insertRows, quarantineTable } from '../tables.ts'
import type { OutboxLane } from './outbox-lane.ts'
import {
  deleteOutbox,
  noteAttempts,
  type OutboxRow,
  type OutboxSum,
  outboxSums,
  readOutbox,
  rowOf,
  sumOf,
} from './outbox-rows.ts'

/** A page that is read from the disk. */
const page = { rows: 256, bytes: 2 * 1024 * 1024 }

/**
 * Rows that were delivered stay for once to twice this long: the embedded broker acknowledges before it passes a message on, and may end
 * with the console in between.
 */
const lingerMs = 250

const retryMs = 1_000

/**
 * The outbox as it lies on the disk: read a page at a time, and rows taken out once they were delivered, a batch at a time. A removal
 * that a crash prevented means one more delivery, never a loss; so it needs no fsync. What the store cannot do at present is tried again.
 */
export class OutboxFile implements Disposable {
  readonly #port: StorePort
  readonly #retrying = new Set<NodeJS.Timeout>()
  /** Delivered in the time that is running, and in the one before it. */
  #gone: number[] = []
  #earlier: number[] = []
  #inFlight = 0
  #linger: NodeJS.Timeout | undefined
  #closed = false

  constructor(port: StorePort) {
    this.#port = port
  }

  /** Rows that are still on the disk although they were delivered. */
  get pending(): number {
    return this.#gone.length + this.#earlier.length + this.#inFlight
  }

  /** Finds out, once there is a way to the store, what earlier runs left for each target, and which place is the highest. */
  open(opened: (sums: readonly OutboxSum[], highest: number) => void): void {
    this.#port.write(
      outboxSums,
      (error, _retryable, rows) => {
        if (error !== null) this.#later(() => this.open(opened))
        else opened((rows[0] ?? []).map(sumOf), Number(rows[1]?.[0]?.seq ?? 0))
      },
      'outbox',
    )
  }

  /** Reads what follows the rows that a lane has had in memory, up to the place `through`. */
  read(lane: OutboxLane, through: number, done: (rows: readonly OutboxRow[]) => void): void {
    const { route, target, cursor } = lane
    this.#port.write(
      [readOutbox({ route, target, after: cursor, through }, page)],
      (error, _retryable, rows) => {
        if (error !== null) this.#later(() => this.read(lane, through, done))
        else done((rows[0] ?? []).map(rowOf))
      },
      'outbox',
    )
  }

  /** Takes out a row that is not waited for any more. */
  remove(seq: number): void {
    this.#gone.push(seq)
    this.#linger ??= setTimeout(() => this.#turnOver(), lingerMs)
  }

  /** Moves a row into quarantine, in one transaction. */
  quarantine(row: OutboxRow, reason: string): void {
    const why = `${row.target} refused it ${row.attempts} times: ${reason}`
    this.#port.write(
      [
        ...insertRows(quarantineTable, [
          row.at,
          row.route,
          row.topic,
          row.payload,
          why,
          row.target,
          null,
          storedProperties(row.properties),
          row.client,
          null,
        ]),
        ...deleteOutbox([row.seq]),
      ],
      (error) => {
        if (error !== null) this.#later(() => this.quarantine(row, reason))
      },
      'outbox',
    )
  }

  noteAttempts(row: OutboxRow): void {
    this.#port.write([noteAttempts(row)], () => {})
  }

  /** Takes out everything that was delivered. */
  flush(): void {
    this.#turnOver()
    this.#turnOver()
  }

  /** Takes out what was delivered in the time before the one that ends now. */
  #turnOver(): void {
    clearTimeout(this.#linger)
    this.#linger = undefined
    const gone = this.#earlier
    this.#earlier = this.#gone
    this.#gone = []
    if (this.#earlier.length > 0 && !this.#closed) this.#linger = setTimeout(() => this.#turnOver(), lingerMs)
    if (gone.length === 0) return
    this.#inFlight += gone.length
    this.#port.write(deleteOutbox(gone), (error) => {
      this.#inFlight -= gone.length
      if (error === null) return
      for (const seq of gone) this.#gone.push(seq)
      if (!this.#closed) this.#linger ??= setTimeout(() => this.#turnOver(), retryMs)
    })
  }

  [Symbol.dispose](): void {
    this.#closed = true
    clearTimeout(this.#linger)
    for (const timer of this.#retrying) clearTimeout(timer)
  }

  #later(what: () => void): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#retrying.delete(timer)
      what()
    }, retryMs)
    this.#retrying.add(timer)
  }
}
