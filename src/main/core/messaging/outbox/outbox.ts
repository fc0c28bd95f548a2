import type { OutboxBounds, RouteDefinition, RouteTarget } from '#core/config/index.ts'
import type { IncomingMessage } from '../incoming-message.ts'
import type { TargetLedger } from '../ledger.ts'
import type { StorePort } from '../store-line.ts'
import type { Target } from '../targets.ts'
import type { DeliveryStep } from '../trail/delivery-trail.ts'
import { Deliveries } from './deliveries.ts'
import type { Delivery } from './delivery.ts'
import { type OutageHorizon, outageHorizon } from './outage-horizon.ts'
import { OutboxAccounts } from './outbox-accounts.ts'
import { OutboxFile } from './outbox-file.ts'
import { OutboxIntake } from './outbox-intake.ts'
import type { LaneOrder, OutboxLane } from './outbox-lane.ts'
import { OutboxLanes } from './outbox-lanes.ts'
import { OutboxLine } from './outbox-line.ts'
import { OutboxRoom, rankOfPriority } from './outbox-room.ts'
import { type ErasedRow, erasedOf, insertOutbox, type OutboxRow, type PriorityRank } from './outbox-rows.ts'

/** How often what waits is looked through for messages that nobody wants any more. */
const sweepMs = 5_000

export interface OutboxParts {
  readonly port: StorePort
  readonly random: () => number
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** Monotonic milliseconds; without it `performance.now()`. */
  readonly monotonic?: () => number
  /** Rows have become safe, or have left: whoever waits for that may go on. */
  readonly onProgress: () => void
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void
}

/**
 * What must be delivered, whatever happens to the console, the broker or the machine: a row on the disk first, sent then, deleted when
 * its target has confirmed it. At least once, in the order of each target or key.
 */
export class Outbox implements Disposable {
  readonly #parts: OutboxParts
  readonly #line: OutboxLine<OutboxRow>
  readonly #file: OutboxFile
  readonly #room = new OutboxRoom()
  readonly #lanes = new OutboxLanes()
  readonly #accounts: OutboxAccounts
  readonly #intake: OutboxIntake
  readonly #deliveries: Deliveries
  readonly #sweeping: NodeJS.Timeout
  #through = 0
  #isRead = false
  /** Places of rows that newer ones have taken, before everything in front of them was safe. */
  readonly #early = new Set<number>()

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#line = new OutboxLine<OutboxRow>(parts.port, insertOutbox, {
      committed: (rows) => this.#committed(rows),
      read: (rows) => this.#erased(erasedOf(rows)),
      refused: (rows, reason) => this.#refused(rows, reason),
      answered: (reason) => {
        if (reason !== null) for (const lane of this.#lanes) lane.ledger?.fault(reason)
        parts.onProgress()
      },
    })
    parts.port.add(() => this.#reattached())
    this.#file = new OutboxFile(parts.port)
    this.#accounts = new OutboxAccounts({
      room: this.#room,
      file: this.#file,
      now: parts.now,
      onRoom: parts.onProgress,
    })
    this.#intake = new OutboxIntake({
      line: this.#line,
      room: this.#room,
      makeRoom: (priority) => this.#makeRoom(priority),
    })
    this.#deliveries = new Deliveries({
      lanes: this.#lanes,
      random: parts.random,
      isOver: (row) => this.#room.isOver(row, parts.now()),
      runsShort: (lane) => this.#read(lane),
      delivered: (lane, row) => this.#accounts.deliver(lane, row),
      failed: (lane, row, failure) => this.#accounts.fail(lane, row, failure),
      refused: (lane, row, failure) => this.#accounts.quarantine(lane, row, failure),
      yielded: (lane, row, failure) => {
        this.#accounts.fail(lane, row, failure)
        this.#accounts.merge(lane, [row])
      },
      over: (lane, row) => this.#accounts.expire(lane, row),
    })
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

  /** Whether whoever sent the message that is being routed keeps it until it is safe here. */
  get senderWaits(): boolean {
    return this.#intake.senderWaits
  }
  set senderWaits(waits: boolean) {
    this.#intake.senderWaits = waits
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
    this.#deliveries.use(kind, delivery)
  }

  /** Delivers the rows of each target of this kind on a way of its own, so that none ever waits for another. */
  openEach(kind: string, make: (lane: { readonly route: string; readonly address: string }) => Delivery): void {
    this.#deliveries.openEach(kind, make)
  }

  /** While on nothing is sent; what comes in is added. */
  hold(on: boolean): void {
    this.#deliveries.hold(on)
  }

  /** A way is open again, or has room: who paused because of it need not any longer. */
  wake(kind: string, reopened = false): void {
    this.#deliveries.wake(kind, reopened)
  }

  /** The target of a route, on the way of that name; what earlier runs or routes left for the same target goes first. */
  target(
    route: RouteDefinition,
    to: RouteTarget,
    address: string,
    ledger: TargetLedger,
    way: string = to.kind,
  ): Target {
    const lane = this.#lanes.of(route.id, `${way}:${address}`)
    lane.ledger = ledger
    lane.priority = rankOfPriority[route.priority]
    lane.retain = to.kind === 'mqtt' && to.retain
    lane.arrange(orderOf(to))
    if (this.#isRead) ledger.carry(lane.rows + lane.coming)
    return {
      offer: (message, payload, key = null) => this.#intake.offer(lane, ledger, { route, message, payload, key }),
      // What it holds is delivered all the same; the next route to the same target goes on with it.
      retire: () => {
        if (lane.ledger === ledger) lane.ledger = null
      },
    }
  }

  /** Takes a message again that a target had refused; false when no route delivers there any more. */
  takeAgain(route: string, target: string, message: IncomingMessage): boolean {
    const lane = this.#lanes.find(route, target)
    if (!lane?.ledger) return false
    lane.ledger.carry(1)
    this.#intake.takeAgain(lane, message)
    return true
  }

  /** What a person orders for one row: that it is given up, or that its target is tried at once. */
  settle({ seq, route, target, bytes, what }: RowOrder): 'done' | 'under way' | 'gone' {
    const lane = this.#lanes.find(route, target)
    if (!lane) return 'gone'
    if (what === 'send') {
      this.#deliveries.tryNow(lane)
      return 'done'
    }
    const result = lane.discard(seq)
    if (result !== 'discarded') return result
    this.#accounts.expire(lane, { seq, bytes })
    this.#deliveries.turn(lane)
    return 'done'
  }

  /** Lets go what nobody wants any more; rows of one target come to their end in their order. */
  sweep(): void {
    const now = this.#parts.now()
    for (const lane of this.#lanes) {
      lane.flow.look(this.#monotonic())
      let over = 0
      for (let row = lane.front; row && this.#room.isOver(row, now); row = lane.front) {
        lane.giveUp()
        this.#accounts.expire(lane, row)
        over++
      }
      if (over > 0) this.#deliveries.turn(lane)
    }
  }

  /** What became of the rows of messages that came at this moment on this topic, those that wait in memory included. */
  trail(at: number, topic: string): readonly DeliveryStep[] {
    const waiting = [...this.#lanes].flatMap((lane) =>
      lane.inMemory().flatMap((row): readonly DeliveryStep[] => {
        if (row.at !== at || row.topic !== topic) return []
        const { seq, id, route, target, failed, why } = row
        return [{ seq, id, route, target, failed, why, state: 'waiting', endedAt: null }]
      }),
    )
    return [...this.#accounts.trail(at, topic), ...waiting]
  }

  /** How long an outage may last; null while it is not known how fast it fills. */
  horizon(): OutageHorizon | null {
    return this.#isRead ? outageHorizon(this.#lanes, this.#room, this.#monotonic()) : null
  }

  /** Writes what is gathered. */
  flush(): void {
    this.#file.flush()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweeping)
    this.#line[Symbol.dispose]()
    this.#file[Symbol.dispose]()
    this.#deliveries[Symbol.dispose]()
  }

  #monotonic(): number {
    return this.#parts.monotonic?.() ?? performance.now()
  }

  /** Makes room for one row; false when that one is what has to be given up. */
  #makeRoom(priority: PriorityRank): boolean {
    if (this.#room.bounds.whenFull === 'refuse') return this.senderWaits
    const lane = this.#room.givesWay(this.#lanes, priority)
    const row = lane?.giveUp()
    if (!lane || !row) return false
    this.#accounts.drop(lane, row)
    if (lane.wantsPage) this.#read(lane)
    return true
  }

  /** What earlier runs left is known; rows are written from now on. */
  #opened(sums: Parameters<Parameters<OutboxFile['open']>[0]>[0], highest: number): void {
    this.#isRead = true
    this.#through = highest
    for (const { route, target, rows, bytes } of sums) {
      this.#lanes.of(route, target).found(rows)
      this.#room.enter(rows, bytes)
    }
    for (const lane of this.#lanes) {
      lane.ledger?.carry(lane.rows)
      this.#deliveries.turn(lane)
    }
    // Places grow with time, ten a millisecond: one that was given and lost is not given again.
    this.#line.begin(Math.max(highest + 1, this.#parts.now() * 10))
  }

  #committed(rows: readonly OutboxRow[]): void {
    const touched = new Set<OutboxLane>()
    for (const row of rows) {
      const lane = this.#lanes.of(row.route, row.target)
      lane.coming--
      this.#through = row.seq
      touched.add(lane)
      if (row.isReplaced || this.#early.delete(row.seq)) this.#accounts.mergeErased(lane, row)
      else this.#accounts.merge(lane, lane.add(row))
    }
    for (const lane of touched) this.#deliveries.turn(lane)
  }

  /** Newer rows have taken the place of these, on the disk. */
  #erased(rows: readonly ErasedRow[]): void {
    for (const { seq, route, target, bytes } of rows) {
      if (seq > this.#through) this.#early.add(seq)
      const lane = this.#lanes.find(route, target)
      if (!lane || seq > this.#through) continue
      const { waited, row } = lane.erase(seq)
      if (!waited) continue
      this.#accounts.mergeErased(lane, row ?? { seq, bytes })
      this.#deliveries.turn(lane)
    }
  }

  /** What a write has taken away is not told again when its answer was lost. */
  #reattached(): void {
    if (this.#line.pending > 0) for (const lane of this.#lanes) lane.mayLack ||= lane.latest
  }

  #refused(rows: readonly OutboxRow[], reason: string): void {
    this.#parts.log('error', `${rows.length} messages could not be recorded in the outbox: ${reason}.`)
    for (const row of rows) {
      const lane = this.#lanes.of(row.route, row.target)
      lane.coming--
      this.#accounts.lose(lane, row, reason)
    }
  }

  #read(lane: OutboxLane): void {
    lane.isReading = true
    this.#file.read(lane, this.#through, (page) => {
      const { missing, yielded } = lane.take(page)
      this.#accounts.merge(lane, yielded)
      if (missing > 0) this.#accounts.miss(lane, missing)
      this.#deliveries.turn(lane)
    })
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

/** Where keys or calls beside each other ask for it, rows of one key go one after the other; else all of a target do. */
function orderOf(to: RouteTarget): LaneOrder {
  if (to.kind !== 'mqtt' && to.kind !== 'webhook') return { by: 'target', latest: false }
  const latest = to.keep === 'latest'
  if (to.key !== undefined) return { by: 'expression', latest }
  return { by: latest || (to.kind === 'webhook' && to.parallel > 1) ? 'topic' : 'target', latest }
}
