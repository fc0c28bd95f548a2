import { Fifo } from '../fifo.ts'
import type { OutboxRow } from './outbox-rows.ts'
import type { WaitingRows } from './waiting-rows.ts'

/** All rows in the one order in which they came, as many under way as the way takes. */
export class RowsInOrder implements WaitingRows {
  readonly #memory = new Fifo<OutboxRow>()
  /** Sent, came back, and go again before all else; in their order. */
  #again: OutboxRow[] = []
  readonly #underWay = new Set<OutboxRow>()
  #bytes = 0

  get length(): number {
    return this.#again.length + this.#memory.length
  }

  get bytes(): number {
    return this.#bytes
  }

  get underWay(): number {
    return this.#underWay.size
  }

  get hasNext(): boolean {
    return this.length > 0
  }

  get front(): OutboxRow | undefined {
    return this.#again[0] ?? this.#memory.peek()
  }

  push(row: OutboxRow): void {
    this.#memory.push(row)
    this.#bytes += row.bytes
  }

  next(): OutboxRow | undefined {
    const row = this.#again.shift() ?? this.#memory.shift()
    if (!row) return undefined
    this.#bytes -= row.bytes
    this.#underWay.add(row)
    return row
  }

  leave(row: OutboxRow): void {
    this.#underWay.delete(row)
  }

  comeBack(row: OutboxRow): null {
    this.#underWay.delete(row)
    this.#bytes += row.bytes
    this.#again.push(row)
    if (this.#again.length > 1) this.#again.sort((a, b) => a.seq - b.seq)
    return null
  }

  remove(seq: number): OutboxRow | 'under way' | undefined {
    for (const row of this.#underWay) if (row.seq === seq) return 'under way'
    const found = this.#again.find((row) => row.seq === seq) ?? this.#takeFromMemory(seq)
    if (!found) return undefined
    this.#again = this.#again.filter((row) => row !== found)
    this.#bytes -= found.bytes
    return found
  }

  /** Nothing pauses here by itself. */
  rouse(): void {}

  adopt(underWay: readonly OutboxRow[], waiting: readonly OutboxRow[]): void {
    for (const row of underWay) this.#underWay.add(row)
    for (const row of waiting) this.push(row)
  }

  listUnderWay(): readonly OutboxRow[] {
    return [...this.#underWay]
  }

  listWaiting(): readonly OutboxRow[] {
    return [...this.#again, ...this.#memory.values()]
  }

  #takeFromMemory(seq: number): OutboxRow | undefined {
    if (this.#memory.peek()?.seq === seq) return this.#memory.shift()
    const waiting = this.#memory.values()
    const found = waiting.find((row) => row.seq === seq)
    if (!found) return undefined
    while (this.#memory.shift()) {}
    this.#memory.unshift(waiting.filter((row) => row !== found))
    return found
  }
}
