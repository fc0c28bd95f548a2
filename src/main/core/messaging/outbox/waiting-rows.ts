import type { OutboxRow } from './outbox-rows.ts'

/** How long a key pauses after so many failures in a row, in milliseconds. */
export type PauseOf = (failures: number) => number

/** Rows of one target that are in memory: which of them may be sent next, and which are under way. */
export interface WaitingRows {
  /** Rows that wait, and their bytes; those under way are not among them. */
  readonly length: number
  readonly bytes: number
  /** Rows that are sent and not answered. */
  readonly underWay: number
  /** Whether one may be sent now. */
  readonly hasNext: boolean
  /** The oldest of those that wait. */
  readonly front: OutboxRow | undefined
  /** Adds a row behind all others. */
  push(row: OutboxRow): void
  /** Takes the row that is to be sent next; it counts as under way until {@link leave} or {@link comeBack}. */
  next(): OutboxRow | undefined
  /** A row that was under way is not waited for any more. */
  leave(row: OutboxRow): void
  /** A row that was under way did not arrive, and waits again. Gives back how long its key pauses; null where keys do not pause by themselves. */
  comeBack(row: OutboxRow, pauseOf: PauseOf): number | null
  /** Takes out a row that waits, by its place. */
  remove(seq: number): OutboxRow | 'under way' | undefined
  /** Those whose pause is over at this time of `performance.now()` may go again. */
  rouse(now: number): void
  /** Takes over rows of another order: first those that are under way, then those that wait, in their order. */
  adopt(underWay: readonly OutboxRow[], waiting: readonly OutboxRow[]): void
  listUnderWay(): readonly OutboxRow[]
  /** In the order of their places. */
  listWaiting(): readonly OutboxRow[]
}
