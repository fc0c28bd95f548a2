import { Fifo } from '../fifo.ts'
import type { TargetLedger } from '../ledger.ts'
import type { OutboxRow, PriorityRank } from './outbox-rows.ts'

/** What one target may hold in memory of what is safe on the disk; the rest is read when its turn comes. */
const windowRows = 512
const windowBytes = 4 * 1024 * 1024

/** Below this many rows in memory the next page is read. */
const readBelow = 128

/** Everything that waits for one target of one route, in its order: the front in memory, the rest on the disk. */
export class OutboxLane {
  readonly route: string
  /** Kind and address: `mqtt:board/presence`. */
  readonly target: string
  readonly kind: string
  readonly address: string
  /** The accounts of the route that feeds it; null when none does any more. */
  ledger: TargetLedger | null = null
  priority: PriorityRank = 2
  /** Whether its broker keeps the last message. */
  retain = false
  /** Performance time before which nothing is sent, and how often in a row sending failed. */
  pausedUntil = 0
  failures = 0
  /** Waits in the row of those that may send. */
  isReady = false
  /** Rows that it may still send before others have their turn. */
  turn = 0
  isReading = false
  readonly #memory = new Fifo<OutboxRow>()
  /** Sent, came back, and go again before all else; in their order. */
  #again: OutboxRow[] = []
  readonly #underWay = new Set<OutboxRow>()
  #memoryBytes = 0
  /** The highest place that is or was in memory. */
  #cursor = 0
  #onDisk = 0
  /** On the disk alone, and given up there. */
  readonly #discarded = new Set<number>()

  constructor(route: string, target: string) {
    this.route = route
    this.target = target
    const colon = target.indexOf(':')
    this.kind = target.slice(0, colon)
    this.address = target.slice(colon + 1)
  }

  /** Rows that are safe on the disk and not delivered. */
  get rows(): number {
    return this.#onDisk + this.#memory.length + this.#again.length + this.#underWay.size
  }

  /** Rows that can be sent now. */
  get hasNext(): boolean {
    return this.#again.length > 0 || this.#memory.length > 0
  }

  /** Whether a page should be read, and from where. */
  get wantsPage(): boolean {
    return !this.isReading && this.#onDisk > 0 && this.#memory.length < readBelow && this.#memoryBytes < windowBytes / 2
  }
  get cursor(): number {
    return this.#cursor
  }

  /** The front of what waits in memory and is not under way. */
  get front(): OutboxRow | undefined {
    return this.#again[0] ?? this.#memory.peek()
  }

  /** Takes the front out of the lane: it is not sent any more. */
  giveUp(): OutboxRow | undefined {
    return this.#again.shift() ?? this.#fromMemory()
  }

  /** Rows of an earlier run that the disk holds. */
  found(rows: number): void {
    this.#onDisk += rows
  }

  /** A row is safe on the disk. It stays in memory unless there is no room, or earlier ones are on the disk alone. */
  add(row: OutboxRow): void {
    const fits = this.#memory.length < windowRows && this.#memoryBytes < windowBytes
    if (this.#onDisk > 0 || this.isReading || !fits) this.#onDisk++
    else this.#remember(row)
  }

  /** The next page has been read. Gives back how many rows are missing there that should be. */
  take(page: readonly OutboxRow[]): number {
    this.isReading = false
    let known = 0
    for (const row of page) {
      this.#cursor = Math.max(this.#cursor, row.seq)
      if (this.#discarded.delete(row.seq)) continue
      known++
      this.#remember(row)
    }
    // Rows that nobody counted come from a file that took the place of another.
    const missing = page.length === 0 ? this.#onDisk : 0
    this.#onDisk = page.length === 0 ? 0 : Math.max(0, this.#onDisk - known)
    return missing
  }

  /** The next row to be sent; it counts as under way until it is answered by one of the next two. */
  next(): OutboxRow | undefined {
    const row = this.#again.shift() ?? this.#fromMemory()
    if (row) this.#underWay.add(row)
    return row
  }

  /** Gives up one row, wherever it waits. `gone`: it does not wait any more. */
  discard(seq: number): 'discarded' | 'under way' | 'gone' {
    for (const row of this.#underWay) if (row.seq === seq) return 'under way'
    const again = this.#again.findIndex((row) => row.seq === seq)
    if (again >= 0) {
      this.#again.splice(again, 1)
      return 'discarded'
    }
    const waiting = this.#memory.values()
    const found = waiting.find((row) => row.seq === seq)
    if (found) {
      while (this.#memory.shift()) {}
      this.#memory.unshift(waiting.filter((row) => row !== found))
      this.#memoryBytes -= found.bytes
      return 'discarded'
    }
    if (this.#onDisk === 0 || seq <= this.#cursor || this.#discarded.has(seq)) return 'gone'
    this.#discarded.add(seq)
    this.#onDisk--
    return 'discarded'
  }

  /** A row that was under way has left the lane. */
  leave(row: OutboxRow): void {
    this.#underWay.delete(row)
  }

  /** A row that was under way did not arrive, and goes again. */
  comeBack(row: OutboxRow): void {
    this.#underWay.delete(row)
    this.#again.push(row)
    if (this.#again.length > 1) this.#again.sort((a, b) => a.seq - b.seq)
  }

  /** Everything in memory that the disk must hold. */
  inMemory(): readonly OutboxRow[] {
    return [...this.#underWay, ...this.#again, ...this.#memory.values()]
  }

  #fromMemory(): OutboxRow | undefined {
    const row = this.#memory.shift()
    if (row) this.#memoryBytes -= row.bytes
    return row
  }

  #remember(row: OutboxRow): void {
    this.#memory.push(row)
    this.#memoryBytes += row.bytes
    this.#cursor = Math.max(this.#cursor, row.seq)
  }
}
