import type { TargetLedger } from '../ledger.ts'
import { boundedKey } from '../message-key.ts'
import { targetTopic } from '../target-topic.ts'
import { LaneFlow } from './lane-flow.ts'
import type { OutboxRow, PriorityRank } from './outbox-rows.ts'
import { RowsByKey } from './rows-by-key.ts'
import { RowsInOrder } from './rows-in-order.ts'
import type { PauseOf } from './waiting-rows.ts'

/** What one target may hold in memory of what is safe on the disk; the rest is read when its turn comes. */
const windowRows = 512
const windowBytes = 4 * 1024 * 1024

/** Below this many rows in memory the next page is read. */
const readBelow = 128

/** Rows that it may hold where nothing of them can be sent, as their keys pause or wait: others behind them may go. */
const blockedRows = 4_096

/** How the rows of a target keep their order. */
export interface LaneOrder {
  /** All in one order; those of one topic; or those of which the key of the target says the same. */
  readonly by: 'target' | 'topic' | 'expression'
  /** Of a key only the newest waits. */
  readonly latest: boolean
}

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
  /** How fast it grows. */
  readonly flow = new LaneFlow()
  /** Rows that were taken and are not safe yet. */
  coming = 0
  /** Rows may have given way to newer ones without having been told of, as the answer to the write that took them away was lost. */
  mayLack = false
  #order: LaneOrder = { by: 'target', latest: false }
  #memory: RowsInOrder | RowsByKey = new RowsInOrder()
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

  /** Of a key only the newest waits. */
  get latest(): boolean {
    return this.#order.latest
  }

  /** Rows that are safe on the disk and not delivered. */
  get rows(): number {
    return this.#onDisk + this.#memory.length + this.#memory.underWay
  }

  /** Whether a row can be sent now. */
  get hasNext(): boolean {
    return this.#memory.hasNext
  }

  /** Whether a page should be read, and from where. */
  get wantsPage(): boolean {
    const { length, bytes, hasNext } = this.#memory
    const isShort = hasNext
      ? length < readBelow && bytes < windowBytes / 2
      : length < blockedRows && bytes < windowBytes
    return !this.isReading && this.#onDisk > 0 && isShort
  }
  get cursor(): number {
    return this.#cursor
  }

  /** The front of what waits in memory and is not under way. */
  get front(): OutboxRow | undefined {
    return this.#memory.front
  }

  /** Keeps its rows in this order from now on. */
  arrange(order: LaneOrder): void {
    const before = this.#order
    this.#order = order
    const byKey = order.by !== 'target'
    if (byKey === (before.by !== 'target')) return
    const old = this.#memory
    const underWay = old.listUnderWay()
    const waiting = old.listWaiting()
    this.#memory = byKey ? new RowsByKey() : new RowsInOrder()
    for (const row of [...underWay, ...waiting]) this.#name(row)
    this.#memory.adopt(underWay, waiting)
  }

  /** The key of a message that came on a topic, `given` where the target has an expression for it; null where keys do not count. */
  keyOf(topic: string, given: string | null): string | null {
    switch (this.#order.by) {
      case 'target':
        return null
      case 'topic':
        return boundedKey(this.kind === 'webhook' ? topic : targetTopic(this.address, topic))
      case 'expression':
        return given ?? boundedKey(topic)
    }
  }

  /** The key of a message that a person has sent again: it neither waits for what came since nor takes its place. */
  keyOfResent(topic: string, id: string): string | null {
    return this.#order.latest || this.#order.by === 'expression' ? `resent ${id}` : this.keyOf(topic, null)
  }

  /** Whether a message of this key would take the place of one that is known to wait. */
  replaces(key: string | null): boolean {
    return this.latest && key !== null && this.#memory instanceof RowsByKey && this.#memory.holds(key)
  }

  /** Takes the front out of the lane: it is not sent any more. */
  giveUp(): OutboxRow | undefined {
    const { front } = this.#memory
    if (front) this.#memory.remove(front.seq)
    return front
  }

  /** Rows of an earlier run that the disk holds. */
  found(rows: number): void {
    this.#onDisk += rows
  }

  /** A row is safe on the disk. It stays in memory unless there is no room, or earlier ones are on the disk alone. Gives back what gives way to it. */
  add(row: OutboxRow): readonly OutboxRow[] {
    const fits = this.#memory.length < windowRows && this.#memory.bytes < windowBytes
    if (this.#onDisk > 0 || this.isReading || !fits) {
      this.#onDisk++
      return this.#yieldTo(row)
    }
    return this.#remember(row)
  }

  /** The next page has been read. Gives back how many rows are missing there that should be, and what gave way to rows of it. */
  take(page: readonly OutboxRow[]): { readonly missing: number; readonly yielded: readonly OutboxRow[] } {
    this.isReading = false
    let known = 0
    const yielded: OutboxRow[] = []
    for (const row of page) {
      this.#cursor = Math.max(this.#cursor, row.seq)
      if (this.#discarded.delete(row.seq)) continue
      known++
      yielded.push(...this.#remember(row))
    }
    // Rows that nobody counted come from a file that took the place of another.
    const missing = page.length === 0 ? this.#onDisk : 0
    this.#onDisk = page.length === 0 ? 0 : Math.max(0, this.#onDisk - known)
    return { missing, yielded }
  }

  /** The next row to be sent; it counts as under way until it is answered by one of the next two. */
  next(): OutboxRow | undefined {
    return this.#memory.next()
  }

  /** Gives up one row, wherever it waits. `gone`: it does not wait any more. */
  discard(seq: number): 'discarded' | 'under way' | 'gone' {
    const found = this.#memory.remove(seq)
    if (found !== undefined) return found === 'under way' ? found : 'discarded'
    if (this.#onDisk === 0 || seq <= this.#cursor || this.#discarded.has(seq)) return 'gone'
    this.#discarded.add(seq)
    this.#onDisk--
    return 'discarded'
  }

  /** A row is not on the disk any more, as a newer one took its place. Tells whether it waited here: in memory, or on the disk alone. */
  erase(seq: number): { readonly waited: boolean; readonly row: OutboxRow | undefined } {
    const found = this.#memory.remove(seq)
    if (found === 'under way') return { waited: false, row: undefined }
    if (found) return { waited: true, row: found }
    const waited = seq > this.#cursor && this.#onDisk > 0 && !this.#discarded.delete(seq)
    if (waited) this.#onDisk--
    return { waited, row: undefined }
  }

  /** A row that was under way has left the lane. */
  leave(row: OutboxRow): void {
    this.#memory.leave(row)
  }

  /** A row that was under way did not arrive, and goes again; or it gives way to a newer one, and has left. A number is how long its key pauses. */
  comeBack(row: OutboxRow, pauseOf: PauseOf): number | null | 'yielded' {
    if (this.latest && this.#memory instanceof RowsByKey && this.#memory.hasNewer(row)) {
      this.#memory.leave(row)
      return 'yielded'
    }
    return this.#memory.comeBack(row, pauseOf)
  }

  /** Keys whose pause is over at this time of `performance.now()` may send again. */
  rouse(now: number): void {
    this.#memory.rouse(now)
  }

  /** Everything in memory that the disk must hold. */
  inMemory(): readonly OutboxRow[] {
    return [...this.#memory.listUnderWay(), ...this.#memory.listWaiting()]
  }

  #remember(row: OutboxRow): readonly OutboxRow[] {
    this.#name(row)
    this.#memory.push(row)
    this.#cursor = Math.max(this.#cursor, row.seq)
    return this.#yieldTo(row)
  }

  /** Takes out what waits in memory and has been overtaken by a row. */
  #yieldTo(row: OutboxRow): readonly OutboxRow[] {
    if (!this.latest || !(this.#memory instanceof RowsByKey)) return []
    const older = this.#memory.olderThan(row)
    for (const { seq } of older) this.#memory.remove(seq)
    return older
  }

  /** Gives a row a key that it was written without, as keys did not count then. */
  #name(row: OutboxRow): void {
    row.key ??= this.keyOf(row.topic, null)
  }
}
