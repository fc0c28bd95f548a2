import { randomBytes } from 'node:crypto'
import type { RouteDefinition, RouteTarget } from '#core/config/index.ts'
import { backoffMs } from '#core/platform/index.ts'
import type { IncomingMessage } from '../incoming-message.ts'
import type { TargetLedger } from '../ledger.ts'
import type { StorePort } from '../store-line.ts'
import { storable } from '../store-targets.ts'
import { insertRows, quarantineTable } from '../tables.ts'
import { bytesOf, type Offered, type Payload, type Target } from '../targets.ts'
import type { Delivery, DeliveryFailure } from './delivery.ts'
import { OutboxLane } from './outbox-lane.ts'
import { OutboxLine } from './outbox-line.ts'
import { deleteOutbox, noteAttempts, type OutboxRow, outboxSums, readOutbox, rowOf, sumOf } from './outbox-rows.ts'
import { Remover } from './remover.ts'
import { Turns } from './turns.ts'

/** A page that is read from the disk. */
const page = { rows: 256, bytes: 2 * 1024 * 1024 }

/** Pauses after a failed delivery; a way that opens again ends them. */
const pauses = { firstMs: 250, factor: 2, capMs: 30_000 }

/** Times that a target may refuse a message before it goes to quarantine. */
export const mostRefusals = 5

const retryMs = 1_000

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
  readonly #line: OutboxLine
  readonly #remover: Remover
  readonly #lanes = new Map<string, OutboxLane>()
  readonly #turns = new Map<string, Turns>()
  readonly #idPrefix = `${randomBytes(9).toString('base64url')}-`
  #ids = 0
  #through = 0
  #state: 'unread' | 'reading' | 'open' = 'unread'
  #timers = new Set<NodeJS.Timeout>()
  #closed = false
  /** Whether whoever sent the message that is being routed keeps it until it is safe here. */
  senderWaits = false

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#line = new OutboxLine(parts.port, {
      committed: (rows) => this.#committed(rows),
      refused: (rows, reason) => this.#refused(rows, reason),
      answered: (reason) => {
        if (reason !== null) for (const lane of this.#lanes.values()) lane.ledger?.fault(reason)
        parts.onProgress()
      },
    })
    this.#remover = new Remover(parts.port)
    parts.port.add(() => this.#open())
  }

  /** The way of rows to the disk: what waits on it, and what is through. */
  get line(): OutboxLine {
    return this.#line
  }

  /** Rows and removals that have not been answered for. */
  get pending(): number {
    return this.#line.pending + this.#remover.pending
  }

  /** Rows of every target that are safe on the disk and not delivered. */
  lanes(): readonly OutboxLane[] {
    return [...this.#lanes.values()]
  }

  /** Delivers the rows of targets of this kind. */
  use(kind: string, delivery: Delivery): void {
    this.#turns.set(kind, new Turns(delivery, (lane, row, failure) => this.#answered(lane, row, failure)))
  }

  /** A way is open again, or has room: who paused because of it need not any longer. */
  wake(kind: string, reopened = false): void {
    if (reopened) {
      for (const lane of this.#lanes.values()) if (lane.kind === kind) lane.pausedUntil = 0
    }
    for (const lane of this.#lanes.values()) if (lane.kind === kind) this.#turn(lane)
  }

  /** The target of a route; what earlier runs or routes left for the same target goes first. */
  target(route: RouteDefinition, to: RouteTarget, address: string, ledger: TargetLedger): Target {
    const lane = this.#lane(route.id, `${to.kind}:${address}`)
    lane.ledger = ledger
    if (this.#state === 'open') ledger.carry(lane.rows)
    return {
      offer: (message, payload) => this.#offer(lane, ledger, to, message, payload),
      // What it holds is delivered all the same; the next route to the same target goes on with it.
      retire: () => {
        if (lane.ledger === ledger) lane.ledger = null
      },
    }
  }

  /** Writes what is gathered. */
  flush(): void {
    this.#remover.flush()
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#line[Symbol.dispose]()
    this.#remover[Symbol.dispose]()
    for (const turns of this.#turns.values()) turns[Symbol.dispose]()
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #offer(lane: OutboxLane, ledger: TargetLedger, to: RouteTarget, message: IncomingMessage, payload: Payload): Offered {
    // What nobody keeps finds no room when the store is far behind; a sender that waits is held back instead.
    if (!this.senderWaits && this.#line.fullness >= 1) {
      ledger.refuse('the store could not keep up')
      return 'dropped'
    }
    const stored = storable(payload)
    ledger.enqueue()
    this.#line.push({
      seq: 0,
      id: `${this.#idPrefix}${(this.#ids++).toString(36)}`,
      at: message.at,
      expiresAt: null,
      priority: lane.priority,
      route: lane.route,
      target: lane.target,
      topic: message.topicName,
      payload: stored,
      bytes: bytesOf(stored),
      retain: to.kind === 'mqtt' && to.retain,
      attempts: 0,
    })
    return 'queued'
  }

  /** Finds out what earlier runs left, once there is a way to the store; rows are written from then on. */
  #open(): void {
    if (this.#state !== 'unread' || this.#closed) return
    this.#state = 'reading'
    this.#parts.port.write(
      outboxSums,
      (error, _retryable, rows) => {
        if (error !== null) {
          this.#state = 'unread'
          this.#later(() => this.#open())
          return
        }
        this.#state = 'open'
        for (const sum of (rows[0] ?? []).map(sumOf)) this.#lane(sum.route, sum.target).found(sum.rows)
        const highest = Number(rows[1]?.[0]?.seq ?? 0)
        this.#through = highest
        for (const lane of this.#lanes.values()) {
          lane.ledger?.carry(lane.rows)
          this.#turn(lane)
        }
        // Places grow with time, ten a millisecond: one that was given and lost is not given again.
        this.#line.begin(Math.max(highest + 1, this.#parts.now() * 10))
      },
      'outbox',
    )
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
    for (const row of rows) this.#lanes.get(keyOf(row.route, row.target))?.ledger?.abandon(1, reason)
  }

  /** Lets a lane send when it has something, and read when it runs short. */
  #turn(lane: OutboxLane): void {
    if (this.#closed) return
    if (lane.wantsPage) this.#read(lane)
    const wait = lane.pausedUntil - performance.now()
    if (wait > 0) return
    if (lane.hasNext) this.#turns.get(lane.kind)?.add(lane)
  }

  #read(lane: OutboxLane): void {
    lane.isReading = true
    const of = { route: lane.route, target: lane.target, after: lane.cursor, through: this.#through }
    this.#parts.port.write(
      [readOutbox(of, page)],
      (error, _retryable, rows) => {
        if (error !== null) {
          this.#later(() => this.#read(lane))
          return
        }
        const missing = lane.take((rows[0] ?? []).map(rowOf))
        if (missing > 0) lane.ledger?.abandon(missing, 'the database that held them was replaced')
        this.#turn(lane)
      },
      'outbox',
    )
  }

  #answered(lane: OutboxLane, row: OutboxRow, failure: DeliveryFailure | null): void {
    if (failure === null) {
      lane.leave(row)
      lane.failures = 0
      lane.ledger?.settle(1)
      this.#remover.add(row.seq)
      this.#turn(lane)
      return
    }
    lane.ledger?.fault(failure.reason)
    if (failure.permanent && ++row.attempts >= mostRefusals) {
      lane.leave(row)
      lane.ledger?.quarantine(1, failure.reason)
      this.#quarantine(row, failure.reason)
      this.#turn(lane)
      return
    }
    if (failure.permanent) this.#parts.port.write([noteAttempts(row)], () => {}, 'journal')
    lane.comeBack(row)
    this.#pause(lane)
  }

  /** Into quarantine and out of the outbox, in one transaction. */
  #quarantine(row: OutboxRow, reason: string): void {
    const why = `${row.target} did not take it ${row.attempts} times: ${reason}`
    const statements = [
      ...insertRows(quarantineTable, [this.#parts.now(), row.route, row.topic, row.payload, why, row.target]),
      ...deleteOutbox([row.seq]),
    ]
    this.#parts.port.write(
      statements,
      (error) => {
        if (error !== null) this.#later(() => this.#quarantine(row, reason))
      },
      'outbox',
    )
  }

  #pause(lane: OutboxLane): void {
    if (lane.pausedUntil > performance.now()) return
    const ms = backoffMs(pauses, ++lane.failures, this.#parts.random())
    lane.pausedUntil = performance.now() + ms
    this.#later(() => this.#turn(lane), ms + 1)
  }

  #lane(route: string, target: string): OutboxLane {
    const key = keyOf(route, target)
    const known = this.#lanes.get(key)
    if (known) return known
    const lane = new OutboxLane(route, target)
    this.#lanes.set(key, lane)
    return lane
  }

  #later(what: () => void, ms = retryMs): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (!this.#closed) what()
    }, ms)
    this.#timers.add(timer)
  }
}

function keyOf(route: string, target: string): string {
  return `${route}\n${target}`
}
