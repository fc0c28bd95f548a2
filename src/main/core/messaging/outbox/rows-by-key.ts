import type { OutboxRow } from './outbox-rows.ts'
import type { PauseOf, WaitingRows } from './waiting-rows.ts'

/** What waits of one key. */
interface KeyLine {
  readonly key: string
  /** In their order; those under way are not among them. */
  readonly rows: OutboxRow[]
  underWay: number
  /** Of `performance.now()`: nothing of it is sent before. */
  pausedUntil: number
  /** In a row. */
  failures: number
}

/**
 * Rows of one key one after the other, different keys beside each other: of a key nothing is sent while one of it is under way or pauses
 * after a failure. Keys that may send take turns. A key is known here only while something of it is in memory.
 */
export class RowsByKey implements WaitingRows {
  readonly #lines = new Map<string, KeyLine>()
  /** Waiting and under way, as they were added: the oldest first, but for what came back to memory later. */
  readonly #rows = new Map<number, OutboxRow>()
  readonly #underWay = new Set<OutboxRow>()
  /** Those that may send, in turn; and those that wait out a pause. */
  readonly #ready = new Set<KeyLine>()
  readonly #paused = new Set<KeyLine>()
  #bytes = 0

  get length(): number {
    return this.#rows.size - this.#underWay.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get underWay(): number {
    return this.#underWay.size
  }

  get hasNext(): boolean {
    return this.#ready.size > 0
  }

  get front(): OutboxRow | undefined {
    for (const row of this.#rows.values()) if (!this.#underWay.has(row)) return row
    return undefined
  }

  push(row: OutboxRow): void {
    const line = this.#line(keyOf(row))
    line.rows.push(row)
    this.#rows.set(row.seq, row)
    this.#bytes += row.bytes
    this.#judge(line)
  }

  next(): OutboxRow | undefined {
    const [line] = this.#ready
    const row = line?.rows.shift()
    if (!line || !row) return undefined
    line.underWay++
    this.#underWay.add(row)
    this.#bytes -= row.bytes
    this.#judge(line)
    return row
  }

  leave(row: OutboxRow): void {
    const line = this.#answered(row)
    this.#rows.delete(row.seq)
    line.failures = 0
    line.pausedUntil = 0
    this.#judge(line)
  }

  comeBack(row: OutboxRow, pauseOf: PauseOf): number {
    const line = this.#answered(row)
    this.#bytes += row.bytes
    line.rows.unshift(row)
    // Several may have been under way when the order was changed.
    if ((line.rows[1]?.seq ?? row.seq) < row.seq) line.rows.sort((a, b) => a.seq - b.seq)
    const ms = pauseOf(++line.failures)
    line.pausedUntil = performance.now() + ms
    this.#judge(line)
    return ms
  }

  remove(seq: number): OutboxRow | 'under way' | undefined {
    const row = this.#rows.get(seq)
    if (!row) return undefined
    if (this.#underWay.has(row)) return 'under way'
    const line = this.#line(keyOf(row))
    line.rows.splice(line.rows.indexOf(row), 1)
    this.#rows.delete(seq)
    this.#bytes -= row.bytes
    this.#judge(line)
    return row
  }

  /** What of the same key waits in front of a row. */
  olderThan({ seq, key }: OutboxRow): readonly OutboxRow[] {
    return key === null ? [] : (this.#lines.get(key)?.rows.filter((row) => row.seq < seq) ?? [])
  }

  /** Whether something of the same key waits behind a row. */
  hasNewer({ seq, key }: OutboxRow): boolean {
    return key !== null && (this.#lines.get(key)?.rows.some((row) => row.seq > seq) ?? false)
  }

  /** Whether something of a key waits. */
  holds(key: string): boolean {
    return (this.#lines.get(key)?.rows.length ?? 0) > 0
  }

  rouse(now: number): void {
    for (const line of this.#paused) {
      if (line.pausedUntil > now) continue
      line.pausedUntil = 0
      this.#judge(line)
    }
  }

  adopt(underWay: readonly OutboxRow[], waiting: readonly OutboxRow[]): void {
    for (const row of underWay) {
      this.#rows.set(row.seq, row)
      this.#underWay.add(row)
      this.#line(keyOf(row)).underWay++
    }
    for (const row of waiting) this.push(row)
  }

  listUnderWay(): readonly OutboxRow[] {
    return [...this.#underWay]
  }

  listWaiting(): readonly OutboxRow[] {
    return [...this.#rows.values()].filter((row) => !this.#underWay.has(row)).sort((a, b) => a.seq - b.seq)
  }

  #line(key: string): KeyLine {
    const known = this.#lines.get(key)
    if (known) return known
    const line: KeyLine = { key, rows: [], underWay: 0, pausedUntil: 0, failures: 0 }
    this.#lines.set(key, line)
    return line
  }

  #answered(row: OutboxRow): KeyLine {
    const line = this.#line(keyOf(row))
    if (this.#underWay.delete(row)) line.underWay--
    return line
  }

  /** Puts a key among those that may send, those that pause, or none of them; one of which nothing is here is forgotten. */
  #judge(line: KeyLine): void {
    const waits = line.rows.length > 0 && line.underWay === 0
    const pauses = waits && line.pausedUntil > 0
    if (pauses) this.#paused.add(line)
    else this.#paused.delete(line)
    if (waits && !pauses) this.#ready.add(line)
    else this.#ready.delete(line)
    if (line.rows.length === 0 && line.underWay === 0) this.#lines.delete(line.key)
  }
}

/** Every row of a target that goes by keys has one; see {@link OutboxLane}. */
function keyOf({ key }: OutboxRow): string {
  return key ?? ''
}
