import { type DeliveryEnd, type DeliveryStep, DeliveryTrail } from '../trail/delivery-trail.ts'
import type { DeliveryFailure } from './delivery.ts'
import type { OutboxFile } from './outbox-file.ts'
import type { OutboxLane } from './outbox-lane.ts'
import type { OutboxRoom } from './outbox-room.ts'
import type { OutboxRow } from './outbox-rows.ts'

export interface OutboxAccountsParts {
  readonly room: OutboxRoom
  readonly file: OutboxFile
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** There is room again for those who wait for it. */
  readonly onRoom: () => void
}

/** A row of which only its place and size are known. */
type Known = OutboxRow | Pick<OutboxRow, 'seq' | 'bytes'>

/** Writes each row off that leaves: from the room, in the ledger of its target, in the trail, and on the disk. */
export class OutboxAccounts {
  readonly #parts: OutboxAccountsParts
  readonly #trail = new DeliveryTrail()

  constructor(parts: OutboxAccountsParts) {
    this.#parts = parts
  }

  /** Its target has confirmed it. */
  deliver(lane: OutboxLane, row: OutboxRow): void {
    lane.ledger?.settle(1)
    lane.ledger?.flow()
    this.#close(lane, row, 'delivered')
    this.#parts.file.remove(row.seq)
  }

  /** It did not arrive. */
  fail(lane: OutboxLane, row: OutboxRow, { reason, permanent }: DeliveryFailure): void {
    lane.ledger?.fault(reason)
    lane.ledger?.stall(this.#parts.now())
    if (permanent) this.#parts.file.noteAttempts(row)
  }

  /** Its target has refused it for good. */
  quarantine(lane: OutboxLane, row: OutboxRow, { reason }: DeliveryFailure): void {
    lane.ledger?.stall(this.#parts.now())
    lane.ledger?.quarantine(1, reason)
    this.#close(lane, row, 'quarantined')
    this.#parts.file.quarantine(row, reason)
  }

  /** Nobody wants it any more. */
  expire(lane: OutboxLane, row: Known): void {
    lane.ledger?.expire(1)
    this.#close(lane, row, 'expired')
    this.#parts.file.remove(row.seq)
  }

  /** It had to make room for another. */
  drop(lane: OutboxLane, row: OutboxRow): void {
    lane.ledger?.abandon(1, 'the outbox was full')
    this.#close(lane, row, 'dropped')
    this.#parts.file.remove(row.seq)
  }

  /** It gave way to a newer one of its key, in memory. */
  merge(lane: OutboxLane, rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      this.mergeErased(lane, row)
      this.#parts.file.remove(row.seq)
    }
  }

  /** It gave way to a newer one of its key, on the disk. */
  mergeErased(lane: OutboxLane, row: Known): void {
    lane.ledger?.merge(1)
    this.#close(lane, row, 'merged')
  }

  /** Rows were not found on the disk where they should have been. */
  miss(lane: OutboxLane, count: number): void {
    this.#parts.room.leave(count, 0)
    if (lane.mayLack) lane.ledger?.merge(count)
    else lane.ledger?.abandon(count, 'the database that held them was replaced')
    lane.mayLack = false
  }

  /** It could not be written. */
  lose(lane: OutboxLane, row: OutboxRow, reason: string): void {
    lane.ledger?.abandon(1, reason)
    lane.flow.left(row.bytes, false)
    this.#parts.room.leave(1, row.bytes)
  }

  /** How rows of the messages left that came at this moment on this topic. */
  trail(at: number, topic: string): readonly DeliveryStep[] {
    return this.#trail.of(at, topic)
  }

  #close(lane: OutboxLane, row: Known, end: DeliveryEnd): void {
    const { room, now, onRoom } = this.#parts
    room.leave(1, row.bytes)
    if (end === 'merged') lane.flow.gaveWay(row.bytes)
    else lane.flow.left(row.bytes, end === 'delivered')
    if ('topic' in row) this.#trail.note(row, end, now())
    if (room.bounds.whenFull === 'refuse') onRoom()
  }
}
