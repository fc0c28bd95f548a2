import type { OutboxRow } from './outbox-rows.ts'

/** Why a row did not arrive. */
export interface DeliveryFailure {
  /** A part of a sentence: "the broker refused it: not authorized". */
  readonly reason: string
  /** Whether the target itself refused the message, so that it will hardly take it the next time. */
  readonly permanent: boolean
  /** How long the target asks to be left alone; without it nothing was asked. Milliseconds. */
  readonly retryAfterMs?: number
}

/**
 * A way to deliver rows to one kind of target. Every row given to {@link deliver} is answered exactly once, also when the way is lost.
 * Rows of one target are given in their order; how many at a time is the way's own to bound.
 */
export interface Delivery {
  /** How many more rows it takes at present; 0 while it is away. Whoever has rows is woken when that changes. */
  room(): number
  /** Sends one row to `address`; `done` with null once the target has confirmed it. */
  deliver(row: OutboxRow, address: string, done: (failure: DeliveryFailure | null) => void): void
}
