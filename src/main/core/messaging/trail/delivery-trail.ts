import type { OutboxRow } from '../outbox/outbox-rows.ts'
import { longestKept } from '../topic-table.ts'

/** Rows that have left the outbox and are remembered. */
export const deliveryTrailLength = 8_192

/** How a row left the outbox. */
export type DeliveryEnd = 'delivered' | 'quarantined' | 'expired' | 'dropped' | 'merged'

/** A row of the outbox: where it went, and how it went there. */
export interface DeliveryStep {
  readonly seq: number
  readonly id: string
  readonly route: string
  readonly target: string
  readonly state: DeliveryEnd | 'waiting'
  /** Attempts that failed in this run of the router. */
  readonly failed: number
  /** Why the last one did. */
  readonly why: string | null
  /** When it left, wall-clock milliseconds: a delivered one was acknowledged then. Null while it waits. */
  readonly endedAt: number | null
}

/** How the newest rows left the outbox. Of fixed size and made at once: noting one allocates nothing, and keeps no payload, and no topic of more than 1,024 characters. */
export class DeliveryTrail {
  readonly #at = new Float64Array(deliveryTrailLength)
  readonly #seqs = new Float64Array(deliveryTrailLength)
  readonly #endedAt = new Float64Array(deliveryTrailLength)
  readonly #failed = new Uint32Array(deliveryTrailLength)
  readonly #texts = {
    topic: new Array<string>(deliveryTrailLength).fill(''),
    id: new Array<string>(deliveryTrailLength).fill(''),
    route: new Array<string>(deliveryTrailLength).fill(''),
    target: new Array<string>(deliveryTrailLength).fill(''),
  }
  readonly #states = new Array<DeliveryEnd>(deliveryTrailLength).fill('delivered')
  readonly #whys = new Array<string | null>(deliveryTrailLength).fill(null)
  #next = 0

  note(row: OutboxRow, state: DeliveryEnd, endedAt: number): void {
    const place = this.#next++ % deliveryTrailLength
    this.#at[place] = row.at
    this.#seqs[place] = row.seq
    this.#endedAt[place] = endedAt
    this.#failed[place] = row.failed
    this.#texts.topic[place] = row.topic.length <= longestKept ? row.topic : ''
    this.#texts.id[place] = row.id
    this.#texts.route[place] = row.route
    this.#texts.target[place] = row.target
    this.#states[place] = state
    this.#whys[place] = row.why
  }

  /** Rows of the messages that came at this moment on this topic, as far as they have left and are remembered. */
  of(at: number, topic: string): readonly DeliveryStep[] {
    const steps: DeliveryStep[] = []
    for (let n = Math.max(0, this.#next - deliveryTrailLength); n < this.#next; n++) {
      const place = n % deliveryTrailLength
      if (this.#at[place] !== at || this.#texts.topic[place] !== topic) continue
      steps.push({
        seq: this.#seqs[place] ?? 0,
        id: this.#texts.id[place] ?? '',
        route: this.#texts.route[place] ?? '',
        target: this.#texts.target[place] ?? '',
        state: this.#states[place] ?? 'delivered',
        failed: this.#failed[place] ?? 0,
        why: this.#whys[place] ?? null,
        endedAt: this.#endedAt[place] ?? null,
      })
    }
    return steps
  }
}
