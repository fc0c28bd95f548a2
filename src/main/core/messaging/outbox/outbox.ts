import { randomBytes } from 'node:crypto'
import type { OutboxBounds, RouteDefinition, RouteTarget } from '#core/config/index.ts'
import { backoffMs } from '#core/platform/index.ts'
import type { IncomingMessage } from '../incoming-message.ts'
import type { TargetLedger } from '../ledger.ts'
import { bytesOfProperties, derivedId } from '../message-properties.ts'
import type { StorePort } from '../store-line.ts'
import { storable } from '../store-targets.ts'
import { bytesOf, type Offered, type Payload, type Target } from '../targets.ts'
import { type DeliveryStep, DeliveryTrail } from '../trail/delivery-trail.ts'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import { OutboxFile } from './outbox-file.ts'
import { OutboxLane } from './outbox-lane.ts'
import { OutboxLine } from './outbox-line.ts'
import { OutboxRoom, rankOfPriority } from './outbox-room.ts'
import { insertOutbox, type OutboxRow, type PriorityRank } from './outbox-rows.ts'
import { Turns } from './turns.ts'

/** Pauses after a failed delivery; a way that opens again ends them. */
const pauses = { firstMs: 250, factor: 2, capMs: 30_000 }

/** Times that a target may refuse a message before it goes to quarantine. */
export const mostRefusals = 5

/** How often what waits is looked through for messages that nobody wants any more. */
const sweepMs = 5_000

export interface OutboxParts {
  readonly port: StorePort
  readonly random: () => number
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** Rows have become safe, or have left: whoever waits for that may go on. */
  readonly onProgress: () => void
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void
}

/**
 * What must be delivered, whatever happens to the console, the broker or the machine: a row on the disk first, sent then, deleted when
 * its target has confirmed it. At least once, in the order of each target.
 */
export class Outbox implements Disposable {
  readonly #parts: OutboxParts
  readonly #line: OutboxLine<OutboxRow>
  readonly #file: OutboxFile
  readonly #room = new OutboxRoom()
  readonly #lanes = new Map<string, OutboxLane>()
  /** Those of one kind that share a way, by kind; and of kinds in which each has its own, by lane. */
  readonly #turns = new Map<string, Turns>()
  readonly #ownTurns = new Map<OutboxLane, Turns>()
  readonly #ownWays = new Map<string, (lane: OutboxLane) => Delivery>()
  readonly #idPrefix = `${randomBytes(9).toString('base64url')}-`
  readonly #sweeping: NodeJS.Timeout
  readonly #pausing = new Set<NodeJS.Timeout>()
  readonly #trail = new DeliveryTrail()
  #ids = 0
  #through = 0
  #isRead = false
  #held = false
  #closed = false
  /** Whether whoever sent the message that is being routed keeps it until it is safe here. */
  senderWaits = false

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#line = new OutboxLine<OutboxRow>(parts.port, insertOutbox, {
      committed: (rows) => this.#committed(rows),
      refused: (rows, reason) => this.#refused(rows, reason),
      answered: (reason) => {
        if (reason !== null) for (const lane of this.#lanes.values()) lane.ledger?.fault(reason)
        parts.onProgress()
      },
    })
    this.#file = new OutboxFile(parts.port)
    this.#file.open((sums, highest) => this.#opened(sums, highest))
    this.#sweeping = setInterval(() => this.sweep(), sweepMs)
  }

  /** The way of rows to the disk: what waits on it, and what is through. */
  get line(): OutboxLine<OutboxRow> {
    return this.#line
  }

  /** Rows and removals that have not been answered for. */
  get pending(): number {
    return this.#line.pending + this.#file.pending
  }

  /** Whether nothing more is taken at present: whoever keeps a message is to keep it until there is room. */
  get refuses(): boolean {
    return this.#room.bounds.whenFull === 'refuse' && this.#room.isFull
  }

  /** Keeps it within these bounds from now on. */
  bound(bounds: OutboxBounds): void {
    this.#room.bounds = bounds
  }

  /** Delivers the rows of targets of this kind. */
  use(kind: string, delivery: Delivery): void {
    this.#turns.set(kind, this.#begin(delivery))
  }

  /** Delivers the rows of each target of this kind on a way of its own, so that none ever waits for another. */
  openEach(kind: string, make: (lane: { readonly route: string; readonly address: string }) => Delivery): void {
    this.#ownWays.set(kind, make)
  }

  /** While on nothing is sent; what comes in is added. */
  hold(on: boolean): void {
    this.#held = on
    for (const turns of [...this.#turns.values(), ...this.#ownTurns.values()]) turns.hold(on)
  }

  /** A way is open again, or has room: who paused because of it need not any longer. */
  wake(kind: string, reopened = false): void {
    for (const lane of this.#lanes.values()) {
      if (lane.kind !== kind) continue
      if (reopened) lane.pausedUntil = 0
      this.#turn(lane)
    }
  }

  /** The target of a route, on the way of that name; what earlier runs or routes left for the same target goes first. */
  target(
    route: RouteDefinition,
    to: RouteTarget,
    address: string,
    ledger: TargetLedger,
    way: string = to.kind,
  ): Target {
    const lane = this.#lane(route.id, `${way}:${address}`)
    lane.ledger = ledger
    lane.priority = rankOfPriority[route.priority]
    lane.retain = to.kind === 'mqtt' && to.retain
    if (this.#isRead) ledger.carry(lane.rows)
    return {
      offer: (message, payload) => this.#offer(lane, ledger, { route, message, payload }),
      // What it holds is delivered all the same; the next route to the same target goes on with it.
      retire: () => {
        if (lane.ledger === ledger) lane.ledger = null
      },
    }
  }

  /** Takes a message again that a target had refused; false when no route delivers there any more. */
  takeAgain(route: string, target: string, message: IncomingMessage): boolean {
    const lane = this.#lanes.get(keyOf(route, target))
    if (!lane?.ledger) return false
    lane.ledger.carry(1)
    const { bytes, brought: properties } = message
    this.#push(lane, { message, payload: storable(bytes), expiresAt: null, retain: lane.retain, properties })
    return true
  }

  /** What a person orders for one row: that it is given up, or that its target is tried at once. */
  settle({ seq, route, target, bytes, what }: RowOrder): 'done' | 'under way' | 'gone' {
    const lane = this.#lanes.get(keyOf(route, target))
    if (!lane) return 'gone'
    if (what === 'send') {
      lane.pausedUntil = 0
      this.#turn(lane)
      return 'done'
    }
    const result = lane.discard(seq)
    if (result !== 'discarded') return result
    this.#left({ seq, bytes })
    lane.ledger?.expire(1)
    this.#turn(lane)
    return 'done'
  }

  /** Lets go what nobody wants any more; rows of one target come to their end in their order. */
  sweep(): void {
    const now = this.#parts.now()
    for (const lane of this.#lanes.values()) {
      let over = 0
      for (let row = lane.front; row && this.#room.isOver(row, now); row = lane.front) {
        lane.giveUp()
        this.#left(row)
        this.#trail.note(row, 'expired', now)
        over++
      }
      if (over === 0) continue
      lane.ledger?.expire(over)
      this.#turn(lane)
    }
  }

  /** What became of the rows of messages that came at this moment on this topic, those that wait in memory included. */
  trail(at: number, topic: string): readonly DeliveryStep[] {
    const waiting = [...this.#lanes.values()].flatMap((lane) =>
      lane.inMemory().flatMap((row): readonly DeliveryStep[] => {
        if (row.at !== at || row.topic !== topic) return []
        const { seq, id, route, target, failed, why } = row
        return [{ seq, id, route, target, failed, why, state: 'waiting', endedAt: null }]
      }),
    )
    return [...this.#trail.of(at, topic), ...waiting]
  }

  /** Writes what is gathered. */
  flush(): void {
    this.#file.flush()
  }

  [Symbol.dispose](): void {
    this.#closed = true
    clearInterval(this.#sweeping)
    this.#line[Symbol.dispose]()
    this.#file[Symbol.dispose]()
    for (const turns of [...this.#turns.values(), ...this.#ownTurns.values()]) turns[Symbol.dispose]()
    for (const timer of this.#pausing) clearTimeout(timer)
  }

  #offer(lane: OutboxLane, ledger: TargetLedger, { route, message, payload }: Offer): Offered {
    // What nobody keeps finds no room when the store is far behind; a sender that waits is held back instead.
    const reason =
      !this.senderWaits && this.#line.fullness >= 1
        ? 'the store could not keep up'
        : this.#room.isFull && !this.#makeRoom(lane.priority)
          ? 'the outbox was full'
          : null
    if (reason !== null) {
      ledger.refuse(reason)
      return 'dropped'
    }
    ledger.enqueue()
    const properties = message.goesWith(payload)
    const expiresAt = route.expiresMs === null ? null : message.at + route.expiresMs
    this.#push(lane, {
      message,
      payload: storable(payload),
      expiresAt: earlier(expiresAt, properties?.expiresAt ?? null),
      retain: lane.retain,
      properties,
    })
    return 'queued'
  }

  #push(
    lane: OutboxLane,
    {
      message,
      payload,
      ...rest
    }: Pick<OutboxRow, 'payload' | 'expiresAt' | 'retain' | 'properties'> & { readonly message: IncomingMessage },
  ): void {
    const bytes = bytesOf(payload) + bytesOfProperties(rest.properties)
    const id = rest.properties?.id ?? null
    this.#room.enter(1, bytes)
    this.#line.push({
      seq: 0,
      id: id === null ? `${this.#idPrefix}${(this.#ids++).toString(36)}` : derivedId(id, lane.route, lane.target),
      at: message.at,
      priority: lane.priority,
      route: lane.route,
      target: lane.target,
      topic: message.topicName,
      payload,
      bytes,
      attempts: 0,
      failed: 0,
      why: null,
      ...rest,
    })
  }

  /** Makes room for one row; false when that one is what has to be given up. */
  #makeRoom(priority: PriorityRank): boolean {
    if (this.#room.bounds.whenFull === 'refuse') return this.senderWaits
    const lane = this.#room.givesWay(this.#lanes.values(), priority)
    const row = lane?.giveUp()
    if (!lane || !row) return false
    this.#left(row)
    lane.ledger?.abandon(1, 'the outbox was full')
    this.#trail.note(row, 'dropped', this.#parts.now())
    if (lane.wantsPage) this.#read(lane)
    return true
  }

  /** What earlier runs left is known; rows are written from now on. */
  #opened(sums: Parameters<Parameters<OutboxFile['open']>[0]>[0], highest: number): void {
    this.#isRead = true
    this.#through = highest
    for (const { route, target, rows, bytes } of sums) {
      this.#lane(route, target).found(rows)
      this.#room.enter(rows, bytes)
    }
    for (const lane of this.#lanes.values()) {
      lane.ledger?.carry(lane.rows)
      this.#turn(lane)
    }
    // Places grow with time, ten a millisecond: one that was given and lost is not given again.
    this.#line.begin(Math.max(highest + 1, this.#parts.now() * 10))
  }

  #committed(rows: readonly OutboxRow[]): void {
    const touched = new Set<OutboxLane>()
    for (const row of rows) {
      const lane = this.#lane(row.route, row.target)
      lane.add(row)
      this.#through = row.seq
      touched.add(lane)
    }
    for (const lane of touched) this.#turn(lane)
  }

  #refused(rows: readonly OutboxRow[], reason: string): void {
    this.#parts.log('error', `${rows.length} messages could not be recorded in the outbox: ${reason}.`)
    for (const row of rows) {
      this.#room.leave(1, row.bytes)
      this.#lanes.get(keyOf(row.route, row.target))?.ledger?.abandon(1, reason)
    }
  }

  /** Lets a lane send when it has something, and read when it runs short. */
  #turn(lane: OutboxLane): void {
    if (this.#closed) return
    if (lane.wantsPage) this.#read(lane)
    if (lane.hasNext && lane.pausedUntil <= performance.now()) this.#turnsOf(lane)?.add(lane)
  }

  #begin(delivery: Delivery): Turns {
    const turns = new Turns(delivery, {
      answered: (lane, row, failure) => this.#answered(lane, row, failure),
      isOver: (row) => this.#room.isOver(row, this.#parts.now()),
      over: (lane, row) => this.#over(lane, row),
    })
    turns.hold(this.#held)
    return turns
  }

  #turnsOf(lane: OutboxLane): Turns | undefined {
    const make = this.#ownWays.get(lane.kind)
    if (make === undefined) return this.#turns.get(lane.kind)
    const turns = this.#ownTurns.get(lane) ?? this.#begin(make(lane))
    this.#ownTurns.set(lane, turns)
    return turns
  }

  #read(lane: OutboxLane): void {
    lane.isReading = true
    this.#file.read(lane, this.#through, (page) => {
      const missing = lane.take(page)
      if (missing > 0) {
        this.#room.leave(missing, 0)
        lane.ledger?.abandon(missing, 'the database that held them was replaced')
      }
      this.#turn(lane)
    })
  }

  #answered(lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure | null): void {
    if (failure === null) {
      lane.leave(row)
      lane.failures = 0
      lane.ledger?.settle(1)
      lane.ledger?.flow()
      this.#trail.note(row, 'delivered', this.#parts.now())
      this.#left(row)
      this.#turn(lane)
      return
    }
    row.failed++
    row.why = failure.reason
    lane.ledger?.fault(failure.reason)
    lane.ledger?.stall(this.#parts.now())
    if (failure.permanent && ++row.attempts >= mostRefusals) {
      lane.leave(row)
      this.#room.leave(1, row.bytes)
      lane.ledger?.quarantine(1, failure.reason)
      this.#trail.note(row, 'quarantined', this.#parts.now())
      this.#file.quarantine(row, failure.reason)
      // The target is there and answers: the next message is not to pay for this one.
      lane.failures = 0
      this.#turn(lane)
      return
    }
    if (failure.permanent) this.#file.noteAttempts(row)
    lane.comeBack(row)
    this.#pause(lane, failure.retryAfterMs ?? 0)
  }

  /** A row came to the end of its time before its turn to be sent. */
  #over(lane: OutboxLane, row: OutboxRow): void {
    lane.leave(row)
    lane.ledger?.expire(1)
    this.#left(row)
    this.#turn(lane)
  }

  /** Leaves a lane alone for a while, and for `leastMs` at least; what comes back during a pause makes it no longer by itself. */
  #pause(lane: OutboxLane, leastMs: number): void {
    const left = lane.pausedUntil - performance.now()
    if (this.#closed || (left > 0 && left >= leastMs)) return
    const ms = left > 0 ? leastMs : Math.max(leastMs, backoffMs(pauses, ++lane.failures, this.#parts.random()))
    lane.pausedUntil = performance.now() + ms
    const timer = setTimeout(() => {
      this.#pausing.delete(timer)
      this.#turn(lane)
    }, ms + 1)
    this.#pausing.add(timer)
  }

  /** A row is not waited for any more. */
  #left(row: Pick<OutboxRow, 'seq' | 'bytes'>): void {
    this.#room.leave(1, row.bytes)
    this.#file.remove(row.seq)
    if (this.#room.bounds.whenFull === 'refuse') this.#parts.onProgress()
  }

  #lane(route: string, target: string): OutboxLane {
    const key = keyOf(route, target)
    const known = this.#lanes.get(key)
    if (known) return known
    const lane = new OutboxLane(route, target)
    this.#lanes.set(key, lane)
    return lane
  }
}

/** What a person wants of one row. */
export interface RowOrder {
  readonly seq: number
  readonly route: string
  readonly target: string
  readonly bytes: number
  readonly what: 'send' | 'discard'
}

/** A message that a route hands over for one of its targets. */
interface Offer {
  readonly route: RouteDefinition
  readonly message: IncomingMessage
  readonly payload: Payload
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

function keyOf(route: string, target: string): string {
  return `${route}\n${target}`
}
