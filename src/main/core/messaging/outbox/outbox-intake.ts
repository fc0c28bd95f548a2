import { randomBytes } from 'node:crypto'
import type { RouteDefinition } from '#core/config/index.ts'
import type { IncomingMessage } from '../incoming-message.ts'
import type { TargetLedger } from '../ledger.ts'
import { bytesOfProperties, derivedId } from '../message-properties.ts'
import { storable } from '../store-targets.ts'
import { bytesOf, type Offered, type Payload } from '../targets.ts'
import type { OutboxLane } from './outbox-lane.ts'
import type { OutboxLine } from './outbox-line.ts'
import type { OutboxRoom } from './outbox-room.ts'
import type { OutboxRow, PriorityRank } from './outbox-rows.ts'

/** A message that a route hands over for one of its targets. */
export interface Offer {
  readonly route: RouteDefinition
  readonly message: IncomingMessage
  readonly payload: Payload
  /** What the expression of the target's key says; null where it has none. */
  readonly key: string | null
}

export interface OutboxIntakeParts {
  readonly line: OutboxLine<OutboxRow>
  readonly room: OutboxRoom
  /** Gives up a message that waits for one of this priority; false when that one is what has to be given up. */
  readonly makeRoom: (priority: PriorityRank) => boolean
}

/** What comes in: whether there is room for it, and the row that it becomes. */
export class OutboxIntake {
  readonly #parts: OutboxIntakeParts
  readonly #idPrefix = `${randomBytes(9).toString('base64url')}-`
  #ids = 0
  /** Whether whoever sent the message that is being routed keeps it until it is safe here. */
  senderWaits = false

  constructor(parts: OutboxIntakeParts) {
    this.#parts = parts
  }

  /** Takes a message, or gives it up with the reason. */
  offer(lane: OutboxLane, ledger: TargetLedger, { route, message, payload, key: given }: Offer): Offered {
    const key = lane.keyOf(message.topicName, given)
    const reason = this.#standsInTheWay(lane, key)
    if (reason !== null) {
      ledger.refuse(reason)
      return 'dropped'
    }
    ledger.enqueue()
    const properties = message.goesWith(payload)
    const expiresAt = route.expiresMs === null ? null : message.at + route.expiresMs
    this.#push(lane, message, {
      id: this.#idOf(lane, properties?.id ?? null),
      payload: storable(payload),
      expiresAt: earlier(expiresAt, properties?.expiresAt ?? null),
      properties,
      key,
      replaces: lane.latest,
    })
    return 'queued'
  }

  /** Takes a message again that the target had refused. */
  takeAgain(lane: OutboxLane, message: IncomingMessage): void {
    const { bytes, brought: properties } = message
    const id = this.#idOf(lane, properties?.id ?? null)
    this.#push(lane, message, {
      id,
      payload: storable(bytes),
      expiresAt: null,
      properties,
      key: lane.keyOfResent(message.topicName, id),
      replaces: false,
    })
  }

  /** Why there is no room for a message; null when there is. */
  #standsInTheWay(lane: OutboxLane, key: string | null): string | null {
    // What nobody keeps finds no room when the store is far behind; a sender that waits is held back instead.
    if (!this.senderWaits && this.#parts.line.fullness >= 1) return 'the store could not keep up'
    // One that takes the place of another needs no room of its own.
    if (!this.#parts.room.isFull || lane.replaces(key) || this.#parts.makeRoom(lane.priority)) return null
    return 'the outbox was full'
  }

  #idOf(lane: OutboxLane, brought: string | null): string {
    return brought === null
      ? `${this.#idPrefix}${(this.#ids++).toString(36)}`
      : derivedId(brought, lane.route, lane.target)
  }

  #push(
    lane: OutboxLane,
    message: IncomingMessage,
    given: Pick<OutboxRow, 'id' | 'payload' | 'expiresAt' | 'properties' | 'key' | 'replaces'>,
  ): void {
    const bytes = bytesOf(given.payload) + bytesOfProperties(given.properties)
    lane.coming++
    lane.flow.came(bytes)
    this.#parts.room.enter(1, bytes)
    this.#parts.line.push({
      seq: 0,
      at: message.at,
      priority: lane.priority,
      route: lane.route,
      target: lane.target,
      topic: message.topicName,
      client: message.sender?.client ?? null,
      bytes,
      retain: lane.retain,
      isReplaced: false,
      attempts: 0,
      failed: 0,
      why: null,
      ...given,
    })
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}
